#include "dialects/Interpreter/Arithmetic/Lanes.h"

namespace lobit::reference {

float reduceLanes(const float *lanes) {
  float v[16];
  for (int i = 0; i < 16; ++i)
    v[i] = lanes[i];
  for (int half = 8; half >= 1; half /= 2)
    for (int i = 0; i < half; ++i)
      v[i] = v[i] + v[i + half];
  return v[0];
}

float dot(const float *a, const float *b, int64_t n) {
  float lanes[16] = {};
  for (int64_t k = 0; k < n; ++k)
    lanes[k % 16] = lanes[k % 16] + a[k] * b[k];
  return reduceLanes(lanes);
}

float sum(const float *a, int64_t n) {
  float lanes[16] = {};
  for (int64_t k = 0; k < n; ++k)
    lanes[k % 16] = lanes[k % 16] + a[k];
  return reduceLanes(lanes);
}

} // namespace lobit::reference
