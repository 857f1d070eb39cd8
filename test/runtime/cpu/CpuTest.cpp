#include "runtime/cpu/Cpu.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lobit {
namespace {

#if defined(__x86_64__)
TEST(Cpu, FeaturesAreThoseThatTheCompilerFinds) {
  const uint64_t features = detectCpuFeatures();
  auto has = [&](uint64_t feature) { return (features & feature) != 0; };
  EXPECT_EQ(has(CpuAvx2), bool(__builtin_cpu_supports("avx2")));
  EXPECT_EQ(has(CpuAvxVnni), bool(__builtin_cpu_supports("avxvnni")));
  EXPECT_EQ(has(CpuAvx512F), bool(__builtin_cpu_supports("avx512f")));
  EXPECT_EQ(has(CpuAvx512BW), bool(__builtin_cpu_supports("avx512bw")));
  EXPECT_EQ(has(CpuAvx512DQ), bool(__builtin_cpu_supports("avx512dq")));
  EXPECT_EQ(has(CpuAvx512VL), bool(__builtin_cpu_supports("avx512vl")));
  EXPECT_EQ(has(CpuAvx512Vnni), bool(__builtin_cpu_supports("avx512vnni")));
  EXPECT_EQ(has(CpuAvx512Vbmi), bool(__builtin_cpu_supports("avx512vbmi")));
}

TEST(Cpu, TilesAreThoughtUsableOnlyWhereTheSystemAllowsThem) {
  const bool has = (detectCpuFeatures() & CpuAmxInt8) != 0;
  EXPECT_LE(has, bool(__builtin_cpu_supports("amx-int8")));
  if (!has)
    GTEST_SKIP() << "no AMX";
  constexpr long getPermission = 0x1022, tileData = 18; // ARCH_GET_XCOMP_PERM
  unsigned long allowed = 0;
  ASSERT_EQ(syscall(SYS_arch_prctl, getPermission, &allowed), 0);
  EXPECT_TRUE(allowed >> tileData & 1);
}
#endif

TEST(Cpu, EveryDetectedFeatureHasAName) {
  EXPECT_EQ(cpuFeatureWords(detectCpuFeatures()).find("feature "), std::string::npos);
}

} // namespace
} // namespace lobit
