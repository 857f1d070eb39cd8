#include "passes/Quantize/Policy.h"

#include <gtest/gtest.h>

using namespace lobit;
using Kind = SchemeChoice::Kind;

static std::string failure(const char *scheme) { return parseScheme(scheme).status().message(); }

TEST(Policy, SchemesRoundTrip) {
  for (const char *text :
       {"keep", "int8", "int8:f16", "int4", "int4:f16", "int6:magnitude", "int6:seed",
        "int6:seed-exact", "int6:weighted", "int6:obs", "ternary:optimal", "ternary:absmean",
        "ternary:absmean-hf", "ternary:absmean-block", "ternary:absmean-refit",
        "ternary:optimal:group=128:f16", "ternary:absmean:row", "ternary:optimal:tensor",
        "ternary:optimal:group=32"}) {
    auto choice = parseScheme(text);
    ASSERT_TRUE(choice.ok()) << choice.status().message();
    EXPECT_EQ(choice->text(), text);
  }
  EXPECT_EQ(parseScheme("ternary")->text(), "ternary:optimal");
  EXPECT_EQ(parseScheme("ternary:f16:group=64:absmean")->text(), "ternary:absmean:group=64:f16");
  EXPECT_EQ(parseScheme("int8:f32")->text(), "int8");
  EXPECT_EQ(parseScheme("int6")->text(), "int6:magnitude");
}

TEST(Policy, UnknownWordsAreRefused) {
  EXPECT_EQ(failure("int5"), "unknown scheme 'int5'; known are ternary, int4, int6, int8 and keep");
  EXPECT_EQ(failure(""), "unknown scheme ''; known are ternary, int4, int6, int8 and keep");
  EXPECT_EQ(
      failure("int6:f16"),
      "'f16' cannot follow int6; known are the methods magnitude, seed, seed-exact, weighted, obs");
  EXPECT_EQ(failure("int6:seed:seed"), "'int6:seed:seed' says twice what 'seed' says");
  EXPECT_EQ(failure("ternary:gptq"),
            "'gptq' cannot follow ternary; known are the methods absmean, absmean-hf, "
            "absmean-block, absmean-refit, optimal, then tensor, row or group=N, then f32 or f16");
  EXPECT_EQ(failure("ternary:planes=2").substr(0, 39), "'planes=2' cannot follow ternary; known");
  EXPECT_EQ(failure("int4:row"), "'row' cannot follow int4; known are f32 and f16");
  EXPECT_EQ(failure("int8:row"), "'row' cannot follow int8; known are f32 and f16");
  EXPECT_EQ(failure("keep:f16"), "'f16' cannot follow keep; nothing can");
  EXPECT_EQ(failure("ternary:row:tensor"), "'ternary:row:tensor' says twice what 'tensor' says");
  EXPECT_EQ(failure("ternary:group=100"),
            "expected a group size of 32, 64, 128 or 256, found '100'");
  EXPECT_EQ(parseScheme("int5").status().code(), StatusCode::INVALID_ARGUMENT);
}

TEST(Policy, RulesEndAtTheSchemeAfterAnEqualsSign) {
  auto rule = parseLayerRule("(embed|head).*=keep");
  EXPECT_EQ(rule->pattern, "(embed|head).*");
  EXPECT_EQ(rule->choice.kind, Kind::Keep);
  rule = parseLayerRule("a=b=ternary:optimal:group=128:f16");
  EXPECT_EQ(rule->pattern, "a=b");
  EXPECT_EQ(rule->choice.groupSize, 128);
  EXPECT_EQ(parseLayerRule("lm_head").status().message(),
            "layer rule 'lm_head': expected regex=scheme");
  EXPECT_EQ(parseLayerRule("=int8").status().message(),
            "layer rule '=int8': bad regular expression: it is empty");
  EXPECT_EQ(
      parseLayerRule("x=int5").status().message(),
      "layer rule 'x=int5': unknown scheme 'int5'; known are ternary, int4, int6, int8 and keep");
  EXPECT_NE(parseLayerRule("(=int8").status().message().find("bad regular expression"),
            std::string::npos);
}

TEST(Policy, DefaultsOfEmbeddingAndHead) {
  EXPECT_EQ(parseQuantizePolicy("auto", {})->linear.kind, Kind::Auto);
  EXPECT_EQ(parseQuantizePolicy("auto", {})->embedAndHead.text(), "int8");
  EXPECT_EQ(parseQuantizePolicy("ternary:absmean", {})->embedAndHead.text(), "int8");
  EXPECT_EQ(parseQuantizePolicy("keep", {})->embedAndHead.text(), "keep");
  auto policy = parseQuantizePolicy("int8", {"a=keep", "b=ternary"});
  EXPECT_EQ(policy->rules.size(), 2u);
  EXPECT_EQ(policy->rules[1].choice.text(), "ternary:optimal");
  EXPECT_FALSE(parseQuantizePolicy("gguf", {}).ok());
  EXPECT_FALSE(parseQuantizePolicy("auto", {"a=auto"}).ok());
}
