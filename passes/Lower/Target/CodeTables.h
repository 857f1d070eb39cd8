/// \file
/// What the lookups of b3_tile and i6_tile hold, the same on every target that has lookups.
#ifndef LOBIT_PASSES_LOWER_TARGET_CODETABLES_H
#define LOBIT_PASSES_LOWER_TARGET_CODETABLES_H

#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <array>
#include <cstdint>

namespace lobit {

/// Of the low six bits T of a byte of unpack_base3: c3 at bits 0 and 1, T mod 7 at bits 2..4, c4
/// at bits 6 and 7.
inline std::array<int8_t, 64> base3HighCodes() {
  std::array<int8_t, 64> codes = {};
  for (int t = 0; t < 63; ++t)
    codes[t] = int8_t(t / 21 | t % 7 << 2 | t / 7 % 3 << 6);
  return codes;
}

/// Of w = 4 (T mod 7) + the two high bits of the byte: c0, c1 and c2 at bits 0, 2 and 4.
inline std::array<int8_t, 32> base3LowCodes() {
  std::array<int8_t, 32> codes = {};
  for (int w = 0; w < 27; ++w)
    codes[w] = int8_t(w % 3 | w / 3 % 3 << 2 | w / 9 << 4);
  return codes;
}

/// The masks of two of four pairs.
constexpr unsigned pairMasks[] = {3, 5, 6, 9, 10, 12};

/// Which of 8 activations byte j of the two pairs that `mask` keeps is.
inline int64_t keptByte(unsigned mask, int64_t j) {
  int64_t pair = j < 2 ? llvm::countr_zero(mask) : llvm::Log2_32(mask);
  return 2 * pair + j % 2;
}

/// Which of the four kept codes byte j of half `half` of the 8 columns is, or -128: none, zero.
inline int64_t expandedByte(unsigned mask, int64_t half, int64_t j) {
  unsigned pair = 2 * half + j / 2, below = mask & ((1u << pair) - 1);
  return mask >> pair & 1 ? (below ? 2 : 0) + j % 2 : -128;
}

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_TARGET_CODETABLES_H
