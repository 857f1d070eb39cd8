#include "runtime/cpu/Cpu.h"
#include "runtime/platform/HardwareCapabilities.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace lobit {

Arch hostArch() {
#if defined(__x86_64__)
  return Arch::X86_64;
#elif defined(__aarch64__)
  return Arch::AArch64;
#elif defined(__wasm32__)
  return Arch::Wasm32;
#else
  return Arch::Any;
#endif
}

#if defined(__x86_64__)
uint64_t detectCpuFeatures() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kOsxsave = 1u << 27, kAvx = 1u << 28;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (kOsxsave | kAvx)) != (kOsxsave | kAvx))
    return 0;
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  // XCR0: bits 1, 2 = SSE and AVX state; 5, 6, 7 = mask and 512-bit registers.
  bool ymm = (low & 0x06) == 0x06, zmm = (low & 0xE6) == 0xE6;
  if (!ymm || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
    return 0;
  uint64_t features = 0;
  auto add = [&](bool present, uint64_t feature) { features |= present ? feature : 0; };
  add(b >> 5 & 1, CpuAvx2);
  add(zmm && (b >> 16 & 1), CpuAvx512F);
  add(zmm && (b >> 30 & 1), CpuAvx512BW);
  add(zmm && (b >> 17 & 1), CpuAvx512DQ);
  add(zmm && (b >> 31 & 1), CpuAvx512VL);
  add(zmm && (c >> 11 & 1), CpuAvx512Vnni);
  add(zmm && (c >> 1 & 1), CpuAvx512Vbmi);
  // XCR0: bits 17, 18 = configuration and data of the tiles.
  bool tiles = (low & 0x60000) == 0x60000 && (d >> 24 & 1) && (d >> 25 & 1);
  add(tiles && platform::allowTiles(), CpuAmxInt8);
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d))
    add(a >> 4 & 1, CpuAvxVnni);
  return features;
}
#elif defined(__aarch64__)
uint64_t detectCpuFeatures() {
  // Bits of the Linux ABI: HWCAP_ASIMDDP and HWCAP2_I8MM.
  const platform::HardwareCapabilities capabilities = platform::hardwareCapabilities();
  uint64_t features = 0;
  features |= capabilities.first >> 20 & 1 ? CpuDotprod : 0;
  features |= capabilities.second >> 13 & 1 ? CpuI8mm : 0;
  return features;
}
#elif defined(__wasm__)
// The code is linked into the module, which an engine without its features would not have
// compiled.
uint64_t detectCpuFeatures() { return CpuRelaxedSimd; }
#else
uint64_t detectCpuFeatures() { return 0; }
#endif

std::string cpuFeatureWords(uint64_t features) {
  std::string words;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (!(features >> bit & 1))
      continue;
    if (!words.empty())
      words += ", ";
    const char *known = nullptr;
#define LOBIT_CPU_FEATURE(EnumName, number, word)                                                  \
  if (bit == number)                                                                               \
    known = word;
#include "runtime/format/CpuFeatures.inc"
    words += known ? std::string(known) : "feature " + std::to_string(bit);
  }
  return words;
}

} // namespace lobit
