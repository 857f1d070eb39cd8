#include "dialects/Interpreter/Arithmetic/Functions.h"

#include <cstdint>
#include <cstring>

namespace lobit::reference {

float roundHalfEven(float x) {
  constexpr float magic = 12582912.0f; // 1.5 * 2^23: its last bit is worth 1
  float shifted = x + magic;
  return shifted - magic;
}

/// 2^n for -126 <= n <= 127.
static float powerOfTwo(int32_t n) {
  uint32_t bits = uint32_t(n + 127) << 23;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float exponential(float x) {
  if (x < -87.0f)
    return 0.0f;
  x = x < 88.0f ? x : 88.0f;
  float n = roundHalfEven(x * 1.44269504f);
  float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  constexpr float coefficients[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24,
                                    1.0f / 6,    1.0f / 2,   1.0f,       1.0f};
  float p = coefficients[0];
  for (int i = 1; i < 8; ++i)
    p = p * r + coefficients[i];
  return p * powerOfTwo(int32_t(n));
}

} // namespace lobit::reference
