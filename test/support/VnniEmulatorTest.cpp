// Each form of VPDPBUSD that the emulator decodes, against plain arithmetic. On a CPU with
// VNNI this tests the CPU.
#include "test/support/VnniEmulator.h"

#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>

using namespace lobit::test;

namespace {

struct alignas(64) Operands {
  int32_t sums[16];
  uint8_t codes[64];
  int8_t values[64 * 4];
};

Operands makeOperands() {
  Operands o;
  for (int i = 0; i < 16; ++i)
    o.sums[i] = i == 3 ? INT32_MAX : 1000 * i - 5000; // wraps, does not saturate
  for (int i = 0; i < 64; ++i)
    o.codes[i] = i % 5 == 0 ? 255 : i * 37;
  for (int i = 0; i < 64 * 4; ++i)
    o.values[i] = i % 7 == 0 ? -128 : int8_t(i * 91 + 3);
  return o;
}

/// `values` are the bytes the instruction reads; broadcast repeats the first four.
void expect(const Operands &o, const int8_t *values, bool broadcast, int lanes,
            const int32_t *actual) {
  for (int i = 0; i < 16; ++i) {
    uint32_t sum = i < lanes ? uint32_t(o.sums[i]) : 0;
    for (int j = 0; i < lanes && j < 4; ++j)
      sum += uint32_t(int32_t(o.codes[4 * i + j]) * values[broadcast ? j : 4 * i + j]);
    EXPECT_EQ(actual[i], int32_t(sum)) << "lane " << i;
  }
}

// Sums in zmmA, codes in zmmB, %3 = address of the values, %4 = 64.
#define LOBIT_VNNI_FORM(name, A, B, instructions)                                                  \
  __attribute__((target("avx512f,avx512vl,avx512vnni"))) void name(Operands &o, int32_t *out) {    \
    int64_t offset = 64;                                                                           \
    asm volatile("vmovdqu32 (%0), %%zmm" A "\n\tvmovdqu32 (%1), %%zmm" B "\n\t" instructions       \
                 "\n\tvmovdqu32 %%zmm" A ", (%2)\n\t"                                              \
                 :                                                                                 \
                 : "r"(o.sums), "r"(o.codes), "r"(out), "r"(o.values), "r"(offset)                 \
                 : "memory", "xmm1", "xmm2", "xmm3", "xmm17", "xmm18", "xmm30");                   \
  }

LOBIT_VNNI_FORM(registers, "1", "2", "vmovdqu32 (%3), %%zmm3\n\tvpdpbusd %%zmm3, %%zmm2, %%zmm1")
LOBIT_VNNI_FORM(upperRegisters, "17", "18",
                "vmovdqu32 (%3), %%zmm30\n\tvpdpbusd %%zmm30, %%zmm18, %%zmm17")
LOBIT_VNNI_FORM(ymm, "1", "2", "vmovdqu32 (%3), %%zmm3\n\t%{evex%} vpdpbusd %%ymm3, %%ymm2, %%ymm1")
LOBIT_VNNI_FORM(xmm, "1", "2", "vmovdqu32 (%3), %%zmm3\n\t%{evex%} vpdpbusd %%xmm3, %%xmm2, %%xmm1")
LOBIT_VNNI_FORM(memory, "17", "2", "vpdpbusd (%3), %%zmm2, %%zmm17")
LOBIT_VNNI_FORM(scaledDisplacement, "1", "2", "vpdpbusd 128(%3), %%zmm2, %%zmm1")
LOBIT_VNNI_FORM(longDisplacement, "1", "2", "vpdpbusd 65(%3), %%zmm2, %%zmm1")
LOBIT_VNNI_FORM(indexed, "1", "18", "vpdpbusd -64(%3,%4,2), %%zmm18, %%zmm1")
LOBIT_VNNI_FORM(broadcast, "1", "2", "vpdpbusd 8(%3)%{1to16%}, %%zmm2, %%zmm1")

struct FormCase {
  const char *name;
  void (*run)(Operands &, int32_t *);
  int offset;
  bool isBroadcast;
  int lanes;
};

class VnniEmulator : public ::testing::TestWithParam<FormCase> {};

TEST_P(VnniEmulator, MatchesPlainArithmetic) {
  if (!installVnniEmulator())
    GTEST_SKIP() << "the CPU has no AVX-512 BW, DQ and VL";
  Operands o = makeOperands();
  alignas(64) int32_t actual[16];
  GetParam().run(o, actual);
  expect(o, o.values + GetParam().offset, GetParam().isBroadcast, GetParam().lanes, actual);
}

INSTANTIATE_TEST_SUITE_P(Forms, VnniEmulator,
                         ::testing::Values(FormCase{"registers", registers, 0, false, 16},
                                           FormCase{"upperRegisters", upperRegisters, 0, false, 16},
                                           FormCase{"ymm", ymm, 0, false, 8},
                                           FormCase{"xmm", xmm, 0, false, 4},
                                           FormCase{"memory", memory, 0, false, 16},
                                           FormCase{"scaled", scaledDisplacement, 128, false, 16},
                                           FormCase{"long", longDisplacement, 65, false, 16},
                                           FormCase{"indexed", indexed, 64, false, 16},
                                           FormCase{"broadcast", broadcast, 8, true, 16}),
                         [](const auto &info) { return info.param.name; });

} // namespace
