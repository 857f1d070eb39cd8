#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <utf8proc.h>

#include <cstdlib>

using namespace lobit;

namespace {

bool isSurrogate(uint32_t c) { return c >= 0xD800 && c < 0xE000; }

std::string utf8(const std::vector<uint32_t> &points) {
  std::string text;
  for (uint32_t c : points)
    appendUtf8(text, c);
  return text;
}

std::string utf8procNfc(const std::string &text) {
  uint8_t *out = nullptr;
  utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const uint8_t *>(text.data()), utf8proc_ssize_t(text.size()),
                   &out, utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  std::string result(reinterpret_cast<char *>(out), size_t(size));
  free(out);
  return result;
}

TEST(Unicode, ClassOfEveryCodePoint) {
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (isSurrogate(c))
      continue;
    utf8proc_category_t category = utf8proc_category(utf8proc_int32_t(c));
    CharClass klass = charClass(c);
    if (klass == CharClass::Space) {
      ASSERT_TRUE((c >= 9 && c <= 13) || c == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
                  category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP)
          << c;
      continue;
    }
    ASSERT_EQ(klass == CharClass::Letter,
              category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO)
        << c;
    ASSERT_EQ(klass == CharClass::Number,
              category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO)
        << c;
    ASSERT_FALSE(category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP) << c;
  }
}

TEST(Unicode, NfcOfEveryCodePointAndItsDecomposition) {
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (isSurrogate(c))
      continue;
    std::string text = utf8({c});
    std::string expected = utf8procNfc(text);
    ASSERT_EQ(normalizeNfc(text), expected) << c;
    ASSERT_EQ(normalizeNfc(expected), expected) << c;
  }
}

TEST(Unicode, NfcOfCombiningRunsEqualsUtf8proc) {
  const bool ok = rc::check("normalizeNfc equals utf8proc", [] {
    // Starters that compose, marks of several classes, Hangul parts. Not U+11A7: utf8proc
    // 2.8 swallows it after a syllable, the standard does not.
    const auto point = rc::gen::oneOf(
        rc::gen::inRange<uint32_t>('a', 'z'), rc::gen::inRange<uint32_t>(0xC0, 0x180),
        rc::gen::inRange<uint32_t>(0x300, 0x345), rc::gen::inRange<uint32_t>(0x1E00, 0x1F00),
        rc::gen::inRange<uint32_t>(0x1100, 0x1113), rc::gen::inRange<uint32_t>(0x1161, 0x1176),
        rc::gen::inRange<uint32_t>(0x11A8, 0x11C3), rc::gen::inRange<uint32_t>(0xAC00, 0xAC40),
        rc::gen::inRange<uint32_t>(0x0900, 0x0DFF), rc::gen::inRange<uint32_t>(0x1D150, 0x1D170));
    const std::string text = utf8(*rc::gen::container<std::vector<uint32_t>>(point));
    RC_ASSERT(normalizeNfc(text) == utf8procNfc(text));
  });
  EXPECT_TRUE(ok);
}

TEST(Utf8, RoundTripOfEveryCodePoint) {
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (isSurrogate(c))
      continue;
    std::string text = utf8({c});
    Utf8Char decoded = decodeUtf8(text, 0);
    ASSERT_EQ(decoded.size, text.size());
    ASSERT_EQ(decoded.codePoint, c);
  }
}

TEST(Utf8, RefusesWhatIsNotStrict) {
  size_t position = 99;
  for (const char *bad : {"ab\x80", "ab\xC0\xAF", "ab\xC1\xBF", "ab\xE0\x9F\xBF", "ab\xED\xA0\x80",
                          "ab\xF0\x8F\xBF\xBF", "ab\xF4\x90\x80\x80", "ab\xF5", "ab\xFF",
                          "ab\xE2\x82", "ab\xE2\x28\xA1"}) {
    EXPECT_FALSE(isValidUtf8(bad, position)) << bad;
    EXPECT_EQ(position, 2u) << bad;
  }
  EXPECT_TRUE(isValidUtf8("h\xC3\xA9 \xF0\x9F\x98\x80", position));
}

} // namespace
