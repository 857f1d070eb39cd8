#include "runtime/format/TokenizerFormat.h"

#include <gtest/gtest.h>

using namespace lobit;

namespace {

/// All bytes, then "he", "ll", "hell", "<eos>".
TokenizerData smallTokenizer() {
  TokenizerData data;
  for (int byte = 0; byte < 256; ++byte)
    data.tokens.push_back(std::string(1, char(byte)));
  data.tokens.insert(data.tokens.end(), {"he", "ll", "hell", "<eos>"});
  data.merges = {{'h', 'e', 256}, {'l', 'l', 257}, {256, 257, 258}};
  data.added = {{259, true}};
  data.eos = {259};
  data.bos = 259;
  data.addBos = true;
  return data;
}

std::string refusal(const TokenizerData &data) {
  Result<std::vector<uint8_t>> bytes = encodeTokenizer(data);
  return bytes.ok() ? "" : bytes.status().message();
}

std::string refusalAfterSetting(size_t offset, uint32_t word) {
  std::vector<uint8_t> bytes = *encodeTokenizer(smallTokenizer());
  for (int i = 0; i < 4; ++i)
    bytes[offset + i] = uint8_t(word >> 8 * i);
  Result<TokenizerView> view = TokenizerView::open(bytes.data(), bytes.size());
  return view.ok() ? "" : view.status().message();
}

TEST(TokenizerFormat, RoundTrip) {
  TokenizerData data = smallTokenizer();
  data.preTokenizer = PreTokenizer::Llama3;
  data.normalizer = Normalizer::Nfc;
  data.ignoreMerges = true;
  Result<std::vector<uint8_t>> bytes = encodeTokenizer(data);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  Result<TokenizerView> view = TokenizerView::open(bytes->data(), bytes->size());
  ASSERT_TRUE(view.ok()) << view.status().message();
  EXPECT_EQ(view->preTokenizer(), PreTokenizer::Llama3);
  EXPECT_EQ(view->normalizer(), Normalizer::Nfc);
  EXPECT_TRUE(view->addBos());
  EXPECT_TRUE(view->ignoreMerges());
  EXPECT_EQ(view->bos(), 259u);
  ASSERT_EQ(view->tokenCount(), data.tokens.size());
  for (uint32_t id = 0; id < view->tokenCount(); ++id)
    EXPECT_EQ(view->token(id), data.tokens[id]);
  EXPECT_EQ(view->token(5000), "");
  ASSERT_EQ(view->mergeCount(), 3u);
  EXPECT_EQ(view->merge(2).left, 256u);
  EXPECT_EQ(view->merge(2).right, 257u);
  EXPECT_EQ(view->merge(2).result, 258u);
  ASSERT_EQ(view->addedCount(), 1u);
  EXPECT_EQ(view->added(0).id, 259u);
  EXPECT_TRUE(view->added(0).special);
  ASSERT_EQ(view->eosCount(), 1u);
  EXPECT_EQ(view->eos(0), 259u);
}

TEST(TokenizerFormat, PreTokenizersByRegex) {
  unsigned count = 0;
  const PreTokenizerInfo *all = allPreTokenizers(count);
  for (unsigned i = 0; i < count; ++i)
    EXPECT_EQ(findPreTokenizerByRegex(all[i].regex), all[i].kind);
  EXPECT_EQ(findPreTokenizerByRegex("\\s+"), std::nullopt);
  EXPECT_STREQ(preTokenizerWord(PreTokenizer::Llama3), "llama3");
}

TEST(TokenizerFormat, RefusesContradictions) {
  TokenizerData data = smallTokenizer();
  data.merges[0].result = 257;
  EXPECT_EQ(refusal(data), "tokenizer: merge 0: token 257 does not spell tokens 104 and 101");
  data = smallTokenizer();
  data.merges[1].left = 9999;
  EXPECT_EQ(refusal(data), "tokenizer: merge 1 names id 9999 of 260");
  data = smallTokenizer();
  data.merges.push_back(data.merges[0]);
  EXPECT_EQ(refusal(data), "tokenizer: the pair 104, 101 is merged twice");
  data = smallTokenizer();
  data.added.push_back({259, false});
  EXPECT_EQ(refusal(data), "tokenizer: token 259 is added twice");
  data = smallTokenizer();
  data.added.push_back({700, false});
  EXPECT_EQ(refusal(data), "tokenizer: added token 1 names id 700 of 260");
  data = smallTokenizer();
  data.tokens[259] = "";
  EXPECT_EQ(refusal(data), "tokenizer: added token 259 is empty");
  data = smallTokenizer();
  data.eos = {260};
  EXPECT_EQ(refusal(data), "tokenizer: end of sequence names id 260 of 260");
  data = smallTokenizer();
  data.bos = 260;
  EXPECT_EQ(refusal(data), "tokenizer: beginning of sequence names id 260 of 260");
  data = smallTokenizer();
  data.bos.reset();
  EXPECT_EQ(refusal(data), "tokenizer: add_bos is set but there is no bos id");
  data = smallTokenizer();
  data.tokens['x'] = "xx";
  EXPECT_EQ(refusal(data),
            "tokenizer: byte 120 is no token; a byte-level vocabulary has all bytes of UTF-8");
  data = smallTokenizer();
  data.tokens[0] = std::string(5000, 'a');
  EXPECT_EQ(refusal(data), "tokenizer: 5000 bytes in one token, the limit is 4096");
}

TEST(TokenizerFormat, RefusesDamagedBytes) {
  EXPECT_EQ(refusalAfterSetting(0, 2), "tokenizer: section version 2, this build reads version 1");
  EXPECT_EQ(refusalAfterSetting(4, 99), "tokenizer: pre-tokenizer id 99 is not known");
  EXPECT_EQ(refusalAfterSetting(8, 2), "tokenizer: normalizer id 2 is not known");
  EXPECT_EQ(refusalAfterSetting(12, 5), "tokenizer: flags 5 are not all known");
  EXPECT_EQ(refusalAfterSetting(16, 0xFFFFFFFF),
            "tokenizer: 4294967295 tokens, the limit is 1048576");
  EXPECT_EQ(refusalAfterSetting(20, 0xFFFFFFFF),
            "tokenizer: 4294967295 merges, the limit is 2097152");
  EXPECT_EQ(refusalAfterSetting(24, 70000), "tokenizer: 70000 added tokens, the limit is 65536");
  EXPECT_EQ(refusalAfterSetting(28, 257), "tokenizer: 257 end-of-sequence ids, the limit is 256");
  EXPECT_EQ(refusalAfterSetting(40, 1), "tokenizer: reserved header word 10 is not zero");
  EXPECT_EQ(refusalAfterSetting(64, 1), "tokenizer: the first token offset is 1, expected 0");
  EXPECT_EQ(refusalAfterSetting(68, 1000000),
            "tokenizer: token 0 ends at byte 1000000 of a pool of 269, the one before at 0");
}

TEST(TokenizerFormat, EveryTruncationIsRefused) {
  std::vector<uint8_t> bytes = *encodeTokenizer(smallTokenizer());
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of the exact size, so that a sanitizer sees every byte read past the end.
    std::vector<uint8_t> part(bytes.begin(), bytes.begin() + long(size));
    EXPECT_FALSE(TokenizerView::open(part.data(), part.size()).ok()) << size;
  }
}

} // namespace
