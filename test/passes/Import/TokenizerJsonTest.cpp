#include "passes/Import/TokenizerJson.h"
#include "test/passes/Import/CheckpointTesting.h"

#include <gtest/gtest.h>

using namespace lobit;
using namespace lobit::test;

namespace {

std::string utf8(unsigned code) {
  if (code < 0x80)
    return std::string(1, char(code));
  return {char(0xC0 | code >> 6), char(0x80 | (code & 0x3F))};
}

/// JSON of a string that holds one character.
std::string quote(unsigned code) {
  std::string text = utf8(code);
  if (text == "\"" || text == "\\")
    text = "\\" + text;
  return "\"" + text + "\"";
}

/// The 256 bytes by id in the order of the alphabet, "ab", "abc", and two added tokens.
std::string makeTokenizer() {
  std::string vocab;
  unsigned id = 0, other = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bool printable =
        (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    vocab += quote(printable ? byte : other++) + ":" + std::to_string(id++) + ",";
  }
  return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)"
         R"({"id":258,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,)"
         R"("normalized":false,"special":true},{"id":259,"content":"<\u00e9>","special":false}],)"
         R"("normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,)"
         R"("use_regex":true},"post_processor":{"type":"TemplateProcessing","single":[)"
         R"({"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],)"
         R"("special_tokens":{"<s>":{"id":"<s>","ids":[258],"tokens":["<s>"]}}},)"
         R"("decoder":{"type":"ByteLevel"},"model":{"type":"BPE","dropout":null,)"
         R"("unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,)"
         R"("fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{)" +
         vocab + R"("ab":256,"abc":257},"merges":["a b",["ab","c"]]}})";
}

const std::string kGood = makeTokenizer();

Result<TokenizerData> parse(const std::string &text) {
  TokenizerLimits limits;
  limits.vocab = 300;
  limits.bos = 258;
  limits.eos = {259};
  return parseTokenizerJson(text, limits, "tokenizer.json");
}

void expectError(const std::string &from, const std::string &to, StatusCode code,
                 const std::string &message) {
  Result<TokenizerData> data = parse(replaced(kGood, from, to));
  EXPECT_EQ(data.status().code(), code) << data.status().message();
  EXPECT_NE(data.status().message().find(message), std::string::npos) << data.status().message();
  EXPECT_EQ(data.status().message().rfind("tokenizer.json", 0), 0u) << data.status().message();
}

const std::string kPreTokenizer =
    R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})";

std::string splitBy(const std::string &regex) {
  std::string escaped;
  for (char c : regex)
    escaped += c == '\\' ? "\\\\" : std::string(1, c);
  return R"({"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":")" + escaped +
         R"("},"behavior":"Isolated","invert":false},)"
         R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})";
}

TEST(TokenizerJsonTest, Reads) {
  Result<TokenizerData> data = parse(kGood);
  ASSERT_TRUE(data.ok()) << data.status().message();
  ASSERT_EQ(data->tokens.size(), 260u);
  for (unsigned byte = 0; byte < 256; ++byte)
    EXPECT_EQ(data->tokens[byte], std::string(1, char(byte)));
  EXPECT_EQ(data->tokens[257], "abc");
  EXPECT_EQ(data->tokens[258], "<s>");
  EXPECT_EQ(data->tokens[259], "<\xC3\xA9>");
  ASSERT_EQ(data->merges.size(), 2u);
  EXPECT_EQ(data->merges[0].left, unsigned('a'));
  EXPECT_EQ(data->merges[0].right, unsigned('b'));
  EXPECT_EQ(data->merges[0].result, 256u);
  EXPECT_EQ(data->merges[1].left, 256u);
  EXPECT_EQ(data->merges[1].result, 257u);
  ASSERT_EQ(data->added.size(), 2u);
  EXPECT_TRUE(data->added[0].special);
  EXPECT_FALSE(data->added[1].special);
  EXPECT_TRUE(data->addBos);
  EXPECT_EQ(data->bos, 258u);
  EXPECT_EQ(data->eos, std::vector<uint32_t>{259});
  EXPECT_FALSE(data->ignoreMerges);
  EXPECT_EQ(data->normalizer, Normalizer::None);
  EXPECT_EQ(data->preTokenizer, PreTokenizer::Gpt2);
  Result<std::vector<uint8_t>> bytes = encodeTokenizer(*data);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
}

TEST(TokenizerJsonTest, EveryKnownPreTokenizer) {
  unsigned count = 0;
  const PreTokenizerInfo *all = allPreTokenizers(count);
  for (unsigned i = 0; i < count; ++i) {
    Result<TokenizerData> data = parse(replaced(kGood, kPreTokenizer, splitBy(all[i].regex)));
    ASSERT_TRUE(data.ok()) << data.status().message();
    EXPECT_EQ(data->preTokenizer, all[i].kind);
  }
}

TEST(TokenizerJsonTest, UnknownPreTokenizersAreNamed) {
  expectError(kPreTokenizer, splitBy("\\p{L}+|x"), StatusCode::UNSUPPORTED,
              "the expression `\\p{L}+|x` is not known; known are those of gpt2, llama3");
  expectError(kPreTokenizer, R"({"type":"Metaspace"})", StatusCode::UNSUPPORTED,
              "pre_tokenizer: \"Metaspace\" is not supported");
  expectError(kPreTokenizer, "null", StatusCode::UNSUPPORTED, "pre_tokenizer: null");
  expectError(kPreTokenizer, R"({"type":"Sequence","pretokenizers":[{"type":"Digits"}]})",
              StatusCode::UNSUPPORTED, "Sequence of \"Digits\"");
  expectError("\"add_prefix_space\":false", "\"add_prefix_space\":true", StatusCode::UNSUPPORTED,
              "add_prefix_space");
  expectError("\"use_regex\":true", "\"use_regex\":false", StatusCode::UNSUPPORTED,
              "expected use_regex true, found false");
  unsigned count = 0;
  std::string split = splitBy(allPreTokenizers(count)[0].regex);
  expectError(kPreTokenizer, replaced(split, "Isolated", "Removed"), StatusCode::UNSUPPORTED,
              "behavior \"Isolated\"");
  expectError(kPreTokenizer, replaced(split, "\"invert\":false", "\"invert\":true"),
              StatusCode::UNSUPPORTED, "not inverted");
}

TEST(TokenizerJsonTest, Normalizers) {
  Result<TokenizerData> nfc =
      parse(replaced(kGood, "\"normalizer\":null", R"("normalizer":{"type":"NFC"})"));
  ASSERT_TRUE(nfc.ok()) << nfc.status().message();
  EXPECT_EQ(nfc->normalizer, Normalizer::Nfc);
  EXPECT_TRUE(parse(replaced(kGood, "\"normalizer\":null",
                             R"("normalizer":{"type":"Sequence","normalizers":[]})"))
                  .ok());
  for (const char *type : {"NFKC", "Lowercase", "Prepend"})
    expectError("\"normalizer\":null", "\"normalizer\":{\"type\":\"" + std::string(type) + "\"}",
                StatusCode::UNSUPPORTED,
                "normalizer: type \"" + std::string(type) + "\" is not supported");
}

TEST(TokenizerJsonTest, PostProcessors) {
  std::string begin = R"("post_processor":{"type":"TemplateProcessing")";
  expectError(begin, R"("post_processor":{"type":"RobertaProcessing")", StatusCode::UNSUPPORTED,
              "post_processor: type \"RobertaProcessing\"");
  expectError(R"({"Sequence":{"id":"A","type_id":0}}])",
              R"({"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"<s>","type_id":0}}])",
              StatusCode::UNSUPPORTED, "at most one special token before the text");
  expectError("\"ids\":[258]", "\"ids\":[257]", StatusCode::MISMATCH,
              "has id 257, config.json has bos_token_id 258");
  expectError("\"ids\":[258]", "\"ids\":[258,258]", StatusCode::MALFORMED, "expected one id");
  expectError("\"ids\":[258]", "\"ids\":[300]", StatusCode::MALFORMED, "has id 300");
  Result<TokenizerData> plain =
      parse(replaced(kGood, R"({"SpecialToken":{"id":"<s>","type_id":0}},)", ""));
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(plain->addBos);
}

TEST(TokenizerJsonTest, Models) {
  expectError("\"type\":\"BPE\"", "\"type\":\"Unigram\"", StatusCode::UNSUPPORTED,
              "model: type \"Unigram\" is not supported");
  expectError("\"dropout\":null", "\"dropout\":0.1", StatusCode::UNSUPPORTED, "model.dropout");
  expectError("\"unk_token\":null", "\"unk_token\":\"<unk>\"", StatusCode::UNSUPPORTED,
              "model.unk_token");
  expectError("\"end_of_word_suffix\":null", "\"end_of_word_suffix\":\"</w>\"",
              StatusCode::UNSUPPORTED, "model.end_of_word_suffix");
  expectError("\"byte_fallback\":false", "\"byte_fallback\":true", StatusCode::UNSUPPORTED,
              "model.byte_fallback");
  EXPECT_TRUE(
      parse(replaced(kGood, "\"ignore_merges\":false", "\"ignore_merges\":true"))->ignoreMerges);
  expectError("{\"type\":\"ByteLevel\"},\"model\"", "{\"type\":\"Fuse\"},\"model\"",
              StatusCode::UNSUPPORTED, "decoder: type \"Fuse\"");
}

TEST(TokenizerJsonTest, Vocabulary) {
  expectError("\"ab\":256", "\"\xE2\x96\x81\":256", StatusCode::UNSUPPORTED,
              "outside the byte-level alphabet");
  expectError("\"ab\":256", "\"ab\":300", StatusCode::MISMATCH,
              "token \"ab\" has id 300, config.json has vocab_size 300");
  expectError("\"ab\":256", "\"ab\":-1", StatusCode::MALFORMED, "expected an id");
  expectError("\"ab\":256", "\"ab\":255", StatusCode::MALFORMED, "id 255 has two tokens");
  expectError("\"ab\":256", "\"abc\":256", StatusCode::MALFORMED, "has the key \"abc\" twice");
  expectError("\"a b\"", "\"a  b\"", StatusCode::MALFORMED, "with one space between");
  expectError("\"a b\"", "\"ab\"", StatusCode::MALFORMED, "with one space between");
  expectError("\"a b\"", "\"a z\"", StatusCode::MALFORMED, "\"az\" is not in model.vocab");
  expectError("\"a b\"", "7", StatusCode::MALFORMED, "merge 0: expected a string or two strings");
}

TEST(TokenizerJsonTest, AddedTokens) {
  for (const char *key : {"single_word", "lstrip", "rstrip"})
    expectError("\"" + std::string(key) + "\":false", "\"" + std::string(key) + "\":true",
                StatusCode::UNSUPPORTED, "token \"<s>\": " + std::string(key));
  expectError("\"id\":259", "\"id\":300", StatusCode::MISMATCH, "has id 300");
  expectError("\"id\":259", "\"id\":258", StatusCode::MALFORMED, "id 258 has two spellings");
  expectError("\"content\":\"<s>\"", "\"content\":\"\"", StatusCode::MALFORMED, "is empty");
  expectError("\"content\":\"<s>\"", "\"content\":1", StatusCode::MALFORMED,
              "objects with an id and a content");
  // Listed in the vocabulary as well, as GPT-2 does.
  EXPECT_TRUE(parse(replaced(kGood, "\"ab\":256", "\"<s>\":258,\"ab\":256")).ok());
}

TEST(TokenizerJsonTest, IdsOfTheConfig) {
  TokenizerLimits limits;
  limits.vocab = 300;
  limits.bos = 299;
  std::string plain = replaced(kGood, R"({"SpecialToken":{"id":"<s>","type_id":0}},)", "");
  Status status = parseTokenizerJson(plain, limits, "t").status();
  EXPECT_NE(status.message().find("bos_token_id 299"), std::string::npos) << status.message();
  limits.bos.reset();
  limits.eos = {280};
  status = parseTokenizerJson(plain, limits, "t").status();
  EXPECT_NE(status.message().find("eos_token_id 280"), std::string::npos) << status.message();
}

TEST(TokenizerJsonTest, BrokenFiles) {
  for (size_t size = 0; size < kGood.size(); size += 7)
    EXPECT_FALSE(parse(kGood.substr(0, size)).ok()) << size;
  EXPECT_FALSE(parse("[]").ok());
}

} // namespace
