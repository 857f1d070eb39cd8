#include "runtime/beacon/CanonicalJson.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace lobit::beacon;

TEST(CanonicalJson, Numbers) {
  const std::pair<double, const char *> cases[] = {
      {1.0, "1"},
      {0.5, "0.5"},
      {1e21, "1e+21"},
      {1e20, "100000000000000000000"},
      {123e19, "1.23e+21"},
      {1e-7, "1e-7"},
      {1.5e-7, "1.5e-7"},
      {1e-6, "0.000001"},
      {0.00012, "0.00012"},
      {123456789.125, "123456789.125"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {-0.0, "0"},
      {-12.5, "-12.5"},
      {9007199254740993.0, "9007199254740992"},
      {0.1 + 0.2, "0.30000000000000004"},
      {std::numeric_limits<double>::quiet_NaN(), "null"},
      {-std::numeric_limits<double>::infinity(), "null"}};
  for (const auto &[value, text] : cases) {
    EXPECT_EQ(jsonNumber(value), text);
    if (std::isfinite(value)) {
      EXPECT_EQ(jsonNumberValue(text), value);
    }
  }
  EXPECT_EQ(jsonNumberValue("1x"), std::nullopt);
  EXPECT_EQ(jsonNumberValue(""), std::nullopt);
  EXPECT_EQ(jsonNumberValue("null"), std::nullopt);
  EXPECT_EQ(jsonNumberValue("1e999"), std::nullopt);
}

TEST(CanonicalJson, KeysSortByUtf16) {
  JsonObject object;
  object.add("\xEF\xBC\x81", 1.0);     // U+FF01
  object.add("\xF0\x9F\x98\x80", 2.0); // U+1F600: D83D DE00 comes first
  object.add("a", "b\n\x01\xC3\xA9");
  EXPECT_EQ(object.text(),
            "{\"a\":\"b\\n\\u0001\xC3\xA9\",\"\xF0\x9F\x98\x80\":2,\"\xEF\xBC\x81\":1}");
  EXPECT_EQ(checkCanonicalObject(object.text(), 1).what, nullptr);
}

TEST(CanonicalJson, AcceptsTheCanonicalFormAlone) {
  for (const char *good :
       {"{}", R"({"a":1})", R"({"a":[1,"x",true,false,null,{"b":[]}],"b":{"c":-1.5}})",
        R"({"A":"\"\\\b\f\n\r\t\u001f/"})"})
    EXPECT_EQ(checkCanonicalObject(good, 4).what, nullptr) << good;
  for (const char *bad : {"",
                          "[]",
                          "1",
                          "{",
                          R"({"a":1,})",
                          R"({ "a":1})",
                          R"({"a": 1})",
                          R"({"b":1,"a":1})",
                          R"({"a":1,"a":1})",
                          R"({"a":01})",
                          R"({"a":1.0})",
                          R"({"a":1e2})",
                          R"({"a":-0})",
                          R"({"a":+1})",
                          R"({"a":.5})",
                          R"({"a":"\/"})",
                          R"({"a":"\u0041"})",
                          R"({"a":"\u000a"})",
                          R"({"a":"\u001F"})",
                          "{\"a\":\"\n\"}",
                          R"({"a":tru})",
                          R"({"a":1}x)",
                          R"({"a":[1 ]})",
                          R"({"a":[1,]})",
                          R"({"a":"x)",
                          R"({"\n":1})",
                          R"({"a"1})",
                          R"({"a":[[[[]]]]})",
                          "{\"a\":\"\xC0\x80\"}",
                          "{\"a\":\"\xED\xA0\x80\"}"})
    EXPECT_NE(checkCanonicalObject(bad, 4).what, nullptr) << bad;
}

TEST(CanonicalJson, Members) {
  const char *json = R"({"a":"x,}\"","b":{"a":[1,2],"c":3},"d":-4,"e":null})";
  ASSERT_EQ(checkCanonicalObject(json, 4).what, nullptr);
  EXPECT_EQ(jsonMember(json, "a"), R"("x,}\"")");
  EXPECT_EQ(jsonMember(json, "b"), R"({"a":[1,2],"c":3})");
  EXPECT_EQ(jsonMember(json, "d"), "-4");
  EXPECT_EQ(jsonMember(json, "e"), "null");
  EXPECT_EQ(jsonMember(json, "c"), std::nullopt);
  EXPECT_EQ(jsonMember("{}", "a"), std::nullopt);
}

TEST(CanonicalJson, Utf8) {
  EXPECT_TRUE(isUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char *bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_FALSE(isUtf8(bad));
}
