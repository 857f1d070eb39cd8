#include "runtime/text/Tokenizer.h"
#include "runtime/text/PreTokenize.h"
#include "runtime/text/Utf8.h"
#include "test/runtime/text/SlowTokenizer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

using namespace lobit;

namespace {

struct Owned {
  std::vector<uint8_t> bytes;
  Tokenizer tokenizer;
};

Owned open(const TokenizerData &data) {
  Owned owned;
  Result<std::vector<uint8_t>> bytes = encodeTokenizer(data);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  owned.bytes = *bytes;
  owned.tokenizer = Tokenizer(*TokenizerView::open(owned.bytes.data(), owned.bytes.size()));
  return owned;
}

/// All bytes, then merges learnt from nothing: each new token joins two pseudo-random
/// earlier ones over a small alphabet, so that long chains and ties occur.
TokenizerData randomTokenizer(uint32_t seed, PreTokenizer kind) {
  TokenizerData data;
  data.preTokenizer = kind;
  for (int byte = 0; byte < 256; ++byte)
    data.tokens.push_back(std::string(1, char(byte)));
  std::vector<uint32_t> pool = {'a', 'b', 'c', 'S', ' ', '1', '\'', 0xC3, 0xA9, '\n', '.'};
  std::map<std::pair<uint32_t, uint32_t>, bool> seen;
  std::map<std::string, uint32_t> byText;
  for (int i = 0; i < 120; ++i) {
    seed = seed * 1664525u + 1013904223u;
    uint32_t left = pool[(seed >> 8) % pool.size()];
    uint32_t right = pool[(seed >> 20) % pool.size()];
    std::string text = data.tokens[left] + data.tokens[right];
    if (text.size() > 40 || !seen.emplace(std::pair(left, right), true).second)
      continue;
    uint32_t result = uint32_t(data.tokens.size());
    if (auto found = byText.find(text); found != byText.end()) {
      result = found->second;
    } else {
      data.tokens.push_back(text);
      byText[text] = result;
      pool.push_back(result);
    }
    data.merges.push_back({left, right, result});
  }
  uint32_t id = uint32_t(data.tokens.size());
  data.tokens.insert(data.tokens.end(), {"<s>", "<s>x", "ab!"});
  data.added = {{id, true}, {id + 1, true}, {id + 2, false}};
  data.bos = id;
  data.eos = {id + 1};
  return data;
}

std::u32string utf32(std::string_view text) {
  std::u32string points;
  for (size_t i = 0; i < text.size();) {
    Utf8Char c = decodeUtf8(text, i);
    points.push_back(c.codePoint);
    i += c.size;
  }
  return points;
}

rc::Gen<std::string> interestingText() {
  const auto point = rc::gen::element<uint32_t>(
      'a', 'b', 'c', 'S', 's', 't', 'r', 'e', 'R', 'E', 'v', 'l', 'L', 'm', 'd', 0x17F, '\'', ' ',
      ' ', '\n', '\r', '\t', '1', '2', '.', '!', '<', '>', 'x', 0xE9, 0x300, 0x3000, 0xA0, 0x661,
      0x4E2D, 0x1F600, 0x85, 0x2028, 0xFB06);
  return rc::gen::map(rc::gen::container<std::vector<uint32_t>>(point),
                      [](const std::vector<uint32_t> &points) {
                        std::string text;
                        for (uint32_t c : points)
                          appendUtf8(text, c);
                        return text;
                      });
}

const PreTokenizerInfo *infoOf(unsigned i) {
  unsigned count = 0;
  const PreTokenizerInfo *all = allPreTokenizers(count);
  return i < count ? all + i : nullptr;
}

TEST(PreTokenize, EqualsItsRegularExpression) {
  for (unsigned i = 0; const PreTokenizerInfo *info = infoOf(i); ++i) {
    test::SlowRegex regex(info->regex);
    EXPECT_TRUE(rc::check(std::string("pieces of ") + info->word, [&] {
      const std::string text = *interestingText();
      const std::u32string points = utf32(text);
      size_t slow = 0;
      for (size_t begin = 0; begin < text.size();) {
        size_t end = pieceEnd(info->kind, text, begin);
        const long slowEnd = regex.match(points, slow);
        RC_ASSERT(slowEnd > long(slow));
        RC_ASSERT(end > begin);
        RC_ASSERT(utf32(text.substr(begin, end - begin)) ==
                  points.substr(slow, size_t(slowEnd) - slow));
        begin = end;
        slow = size_t(slowEnd);
      }
    }));
  }
}

TEST(PreTokenize, KnownPieces) {
  auto pieces = [](PreTokenizer kind, std::string_view text) {
    std::string joined;
    for (size_t i = 0; i < text.size();) {
      size_t end = pieceEnd(kind, text, i);
      joined += (i == 0 ? "" : "|") + std::string(text.substr(i, end - i));
      i = end;
    }
    return joined;
  };
  EXPECT_EQ(pieces(PreTokenizer::Gpt2, "I'm  here, he'LL go 1234\n\n  x"),
            "I|'m| | here|,| he|'|LL| go| 1234|\n\n | x");
  EXPECT_EQ(pieces(PreTokenizer::Llama3, "I'm  here, he'LL go 1234!\n\n  x"),
            "I|'m| | here|,| he|'LL| go| |123|4|!\n\n| | x");
  EXPECT_EQ(pieces(PreTokenizer::Qwen2, "a 12\t(b)  "), "a| |1|2|\t|(b|)|  ");
}

TEST(Tokenizer, EqualsTheSlowOne) {
  for (unsigned i = 0; const PreTokenizerInfo *info = infoOf(i); ++i)
    for (bool ignoreMerges : {false, true})
      for (uint32_t seed = 1; seed <= 4; ++seed) {
        TokenizerData data = randomTokenizer(seed, info->kind);
        data.added.clear(); // pieces only; added tokens have their own test
        data.tokens.resize(data.tokens.size() - 3);
        data.eos.clear();
        data.bos.reset();
        data.ignoreMerges = ignoreMerges;
        Owned owned = open(data);
        EXPECT_TRUE(rc::check("ids equal the slow tokenizer's", [&] {
          const std::string text = *interestingText();
          std::vector<uint32_t> ids, expected;
          RC_ASSERT(owned.tokenizer.encode(text, {}, ids).ok());
          for (size_t begin = 0; begin < text.size();) {
            size_t end = pieceEnd(info->kind, text, begin);
            for (uint32_t id : test::slowMerge(data, text.substr(begin, end - begin)))
              expected.push_back(id);
            begin = end;
          }
          RC_ASSERT(ids == expected);
          std::string back;
          Detokenizer detokenizer;
          for (uint32_t id : ids)
            detokenizer.append(owned.tokenizer.textBytes(id), back);
          detokenizer.finish(back);
          RC_ASSERT(back == text);
        }));
      }
}

TEST(Tokenizer, AddedTokens) {
  TokenizerData data = randomTokenizer(7, PreTokenizer::Gpt2);
  Owned owned = open(data);
  uint32_t s = *data.bos;
  std::vector<uint32_t> ids;
  // The longest match wins; a control token is text unless asked for.
  ASSERT_TRUE(owned.tokenizer.encode("<s><s>xz<s>", {true, true}, ids).ok());
  EXPECT_EQ(ids, (std::vector<uint32_t>{s, s, s + 1, 'z', s}));
  ids.clear();
  ASSERT_TRUE(owned.tokenizer.encode("zab!<s>", {false, false}, ids).ok());
  EXPECT_EQ(ids, (std::vector<uint32_t>{'z', s + 2, '<', 's', '>'}));
  EXPECT_EQ(owned.tokenizer.textBytes(s), "");
  EXPECT_EQ(owned.tokenizer.textBytes(s + 2), "ab!");
  EXPECT_EQ(owned.tokenizer.textBytes(123456), "");
  EXPECT_TRUE(owned.tokenizer.isEndOfSequence(s + 1));
  EXPECT_FALSE(owned.tokenizer.isEndOfSequence(s));
}

TEST(Tokenizer, NormalizesWhenAsked) {
  TokenizerData data = randomTokenizer(7, PreTokenizer::Qwen2);
  data.merges.clear();
  data.normalizer = Normalizer::Nfc;
  Owned owned = open(data);
  std::vector<uint32_t> ids;
  ASSERT_TRUE(owned.tokenizer.encode("e\xCC\x81", {}, ids).ok());
  EXPECT_EQ(ids, (std::vector<uint32_t>{0xC3, 0xA9}));
}

TEST(Tokenizer, RefusesInvalidTextWithItsPosition) {
  Owned owned = open(randomTokenizer(7, PreTokenizer::Gpt2));
  std::vector<uint32_t> ids;
  Status status = owned.tokenizer.encode("abc\xFFz", {}, ids);
  EXPECT_EQ(status.code(), StatusCode::INVALID_TEXT);
  EXPECT_EQ(status.message(),
            "the text is not valid UTF-8 at byte 3; convert it, or pass token ids");
}

TEST(Tokenizer, LongPieceTakesNoQuadraticTime) {
  Owned owned = open(randomTokenizer(3, PreTokenizer::Llama3));
  std::string text;
  for (int i = 0; i < 300000; ++i)
    text += "abcS"[i * 7 % 4];
  std::vector<uint32_t> ids;
  ASSERT_TRUE(owned.tokenizer.encode(text, {}, ids).ok());
  std::string back;
  for (uint32_t id : ids)
    back += owned.tokenizer.textBytes(id);
  EXPECT_EQ(back, text);
}

TEST(Detokenizer, NeverEmitsHalfACharacter) {
  EXPECT_TRUE(rc::check("any cut of valid text", [] {
    const std::string text = *interestingText();
    Detokenizer detokenizer;
    std::string out;
    for (char byte : text) {
      std::string part;
      detokenizer.append({&byte, 1}, part);
      size_t position = 0;
      RC_ASSERT(isValidUtf8(part, position));
      out += part;
    }
    detokenizer.finish(out);
    RC_ASSERT(out == text);
  }));
}

TEST(Detokenizer, AnyBytesBecomeValidText) {
  EXPECT_TRUE(rc::check("any bytes", [](const std::string &bytes) {
    Detokenizer detokenizer;
    std::string out;
    detokenizer.append(bytes, out);
    detokenizer.finish(out);
    size_t position = 0;
    RC_ASSERT(isValidUtf8(out, position));
  }));
  Detokenizer detokenizer;
  std::string out;
  detokenizer.append("a\xE2\x82z\xFF\xF0\x9F", out);
  EXPECT_EQ(out, "a\xEF\xBF\xBDz\xEF\xBF\xBD");
  detokenizer.finish(out);
  EXPECT_EQ(out, "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
}

} // namespace
