/// \file
/// binary16 and bfloat16 to and from binary32. Widening is exact, narrowing
/// rounds to nearest even.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_FLOATFORMATS_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_FLOATFORMATS_H

#include <cstdint>
#include <cstring>

namespace lobit {

inline uint32_t floatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float bitsToFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

/// NaN and infinities have all exponent bits set.
inline bool isFiniteFloat(float value) { return (floatBits(value) & 0x7f800000u) != 0x7f800000u; }

inline float bf16ToFloat(uint16_t bits) { return bitsToFloat(uint32_t(bits) << 16); }

inline float f16ToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000u) << 16, rest = bits & 0x7fffu;
  if (rest >= 0x7c00u) // infinity and NaN keep their payload
    return bitsToFloat(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
  if (rest >= 0x400u) // normal: the exponent bias grows by 112
    return bitsToFloat(sign | ((rest << 13) + (112u << 23)));
  float magnitude = float(rest) * 0x1p-24f; // subnormal, exact
  return bitsToFloat(sign | floatBits(magnitude));
}

inline uint16_t floatToBf16(float value) {
  uint32_t bits = floatBits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return uint16_t(bits >> 16 | 0x40u); // a quiet NaN stays a NaN
  return uint16_t((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

inline uint16_t floatToF16(float value) {
  uint32_t bits = floatBits(value), sign = bits >> 16 & 0x8000u;
  uint32_t rest = bits & 0x7fffffffu;
  if (rest > 0x7f800000u)
    return uint16_t(sign | 0x7e00u);
  if (rest >= 0x477ff000u) // 65520 and above round to infinity
    return uint16_t(sign | 0x7c00u);
  if (rest < 0x38800000u) { // below 2^-14: a multiple of 2^-24
    // Adding 0.5 leaves 2^-24 as the last bit of the sum, rounded to even.
    float sum = bitsToFloat(rest) + 0.5f;
    return uint16_t(sign | (floatBits(sum) - 0x3f000000u));
  }
  rest += 0xfffu + (rest >> 13 & 1u);
  return uint16_t(sign | ((rest - (112u << 23)) >> 13));
}

/// Round half to even for |value| <= 2^22: the sum with 1.5 * 2^23 has no bits
/// below the units.
inline float roundHalfEven(float value) { return (value + 12582912.0f) - 12582912.0f; }

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_FLOATFORMATS_H
