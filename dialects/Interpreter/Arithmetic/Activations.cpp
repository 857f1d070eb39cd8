#include "dialects/Interpreter/Arithmetic/Activations.h"

#include "dialects/Interpreter/Arithmetic/Functions.h"

#include <cstring>

namespace lobit::reference {

int8_t quantizeActivation(float x, float factor) {
  float rounded = roundHalfEven(x * factor);
  if (rounded < -128.0f)
    return -128;
  if (rounded > 127.0f)
    return 127;
  return int8_t(rounded);
}

bool quantizeActivations(const float *x, int64_t n, int8_t *q, float &scale) {
  // Patterns without sign are ordered like the magnitudes they stand for.
  uint32_t largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    uint32_t bits;
    std::memcpy(&bits, &x[i], sizeof bits);
    bits &= 0x7fffffffu;
    largest = bits > largest ? bits : largest;
  }
  if (largest >= 0x7f800000u)
    return false;
  float a;
  std::memcpy(&a, &largest, sizeof a);
  a = a > 1e-5f ? a : 1e-5f;
  float factor = 127.0f / a;
  for (int64_t i = 0; i < n; ++i)
    q[i] = quantizeActivation(x[i], factor);
  scale = a / 127.0f;
  return true;
}

} // namespace lobit::reference
