#include "dialects/Lobit/Weights/Ternary.h"

#include <cmath>

using namespace lobit;

// (Q6) g = mean |w| + 1e-8, everything in f32, summed in order; t = round(w / g)
// after clamping, half away from zero; s = g.
float lobit::quantizeAbsmeanBlock(const float *weights, int64_t size, int8_t *codes) {
  float sum = 0;
  for (int64_t i = 0; i < size; ++i)
    sum += std::fabs(weights[i]);
  float scale = sum / float(size) + 1e-8f;
  for (int64_t i = 0; i < size; ++i) {
    float quotient = weights[i] / scale;
    codes[i] = quotient >= 0.5f ? 1 : quotient <= -0.5f ? -1 : 0;
  }
  return scale;
}

std::optional<ScaleGrid> lobit::absmeanBlockGrid(int64_t rows, int64_t columns) {
  if (rows * columns <= absmeanBlockSize)
    return ScaleGrid{rows, columns, Granularity::Tensor, 0};
  if (absmeanBlockSize % columns == 0)
    return ScaleGrid{rows, columns, Granularity::Row, 0};
  for (int64_t size : {256, 128, 64, 32})
    if (columns % size == 0)
      return ScaleGrid{rows, columns, Granularity::Group, size};
  return std::nullopt;
}
