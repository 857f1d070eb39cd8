#include "dialects/Interpreter/Arithmetic/Steps.h"

#include "dialects/Interpreter/Arithmetic/Functions.h"
#include "dialects/Interpreter/Arithmetic/Lanes.h"

#include <cmath>
#include <vector>

namespace lobit::reference {

void rmsNorm(const float *x, const float *weight, int64_t n, float eps, float *y) {
  float squares = dot(x, x, n);
  float inverse = 1.0f / std::sqrt(squares / float(n) + eps);
  for (int64_t i = 0; i < n; ++i)
    y[i] = (x[i] * inverse) * weight[i];
}

void rope(const float *x, const float *table, int64_t headDim, float *y) {
  int64_t half = headDim / 2;
  for (int64_t i = 0; i < half; ++i) {
    float low = x[i], high = x[i + half], cosine = table[i], sine = table[i + half];
    y[i] = low * cosine - high * sine;
    y[i + half] = high * cosine + low * sine;
  }
}

void attention(const float *query, const float *keys, const float *values, int64_t positions,
               int64_t headDim, float scale, float *y) {
  std::vector<float> weights(positions);
  for (int64_t j = 0; j < positions; ++j)
    weights[j] = dot(query, keys + j * headDim, headDim) * scale;
  float largest = weights[0];
  for (float score : weights)
    largest = score > largest ? score : largest;
  for (float &weight : weights)
    weight = exponential(weight - largest);
  float total = sum(weights.data(), positions);
  for (int64_t d = 0; d < headDim; ++d) {
    float output = 0.0f;
    for (int64_t j = 0; j < positions; ++j)
      output = output + weights[j] * values[j * headDim + d];
    y[d] = output / total;
  }
}

float gatedRelu2(float gate, float up) {
  float positive = gate > 0.0f ? gate : 0.0f;
  return (positive * positive) * up;
}

float gatedSilu(float gate, float up) { return (gate / (1.0f + exponential(-gate))) * up; }

} // namespace lobit::reference
