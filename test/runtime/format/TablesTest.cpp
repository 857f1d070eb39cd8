#include "runtime/format/Tables.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

using namespace lobit;

namespace {

TEST(Tables, EveryWordFindsItsRow) {
  unsigned count = 0;
  std::set<std::string> words;
  const IsaInfo *isas = allIsas(count);
  for (unsigned i = 0; i < count; ++i) {
    EXPECT_EQ(findIsa(isas[i].word), &isas[i]);
    EXPECT_EQ(findIsa(isas[i].isa), &isas[i]);
    EXPECT_TRUE(words.insert(isas[i].word).second);
  }
  const LayoutInfo *layouts = allLayouts(count);
  for (unsigned i = 0; i < count; ++i) {
    EXPECT_EQ(findLayout(layouts[i].word), &layouts[i]);
    EXPECT_EQ(findLayout(layouts[i].layout), &layouts[i]);
    EXPECT_TRUE(words.insert(layouts[i].word).second);
  }
  for (Scheme scheme : {Scheme::F32, Scheme::F16, Scheme::BF16, Scheme::Ternary, Scheme::Int8,
                        Scheme::Int6, Scheme::Int4})
    EXPECT_EQ(findScheme(schemeWord(scheme)), scheme);
}

TEST(Tables, UnknownWordsAndIdsAreNotFound) {
  EXPECT_EQ(findIsa("sse9"), nullptr);
  EXPECT_EQ(findIsa(Isa(0)), nullptr);
  EXPECT_EQ(findLayout("t3_dot"), nullptr);
  EXPECT_EQ(findLayout(Layout(99)), nullptr);
  EXPECT_FALSE(findScheme("int5"));
  EXPECT_EQ(findScheme(Scheme(99)), nullptr);
  EXPECT_STREQ(schemeWord(Scheme(99)), "unknown");
}

TEST(Tables, FeatureWords) {
  EXPECT_STREQ(cpuFeatureWord(CpuAvx512Vnni), "avx512_vnni");
  EXPECT_STREQ(cpuFeatureWord(CpuAvx512Vbmi), "avx512_vbmi");
  EXPECT_STREQ(cpuFeatureWord(CpuAvxVnni), "avx_vnni");
  EXPECT_STREQ(cpuFeatureWord(CpuAmxInt8), "amx_int8");
  EXPECT_STREQ(cpuFeatureWord(CpuFeature(1ull << 63)), "unknown");
}

} // namespace
