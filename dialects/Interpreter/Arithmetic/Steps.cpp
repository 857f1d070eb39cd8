#include "dialects/Interpreter/Arithmetic/Steps.h"

#include "dialects/Interpreter/Arithmetic/Functions.h"
#include "dialects/Interpreter/Arithmetic/Lanes.h"
#include "dialects/Lobit/Weights/FloatFormats.h"

#include <algorithm>
#include <cmath>
#include <limits>
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

bool cacheF16(const float *x, int64_t headDim, float *out) {
  bool fits = true;
  for (int64_t i = 0; i < headDim; ++i) {
    fits &= std::fabs(x[i]) < 65520.0f;
    out[i] = f16ToFloat(floatToF16(x[i]));
  }
  return fits;
}

bool cacheInt8(const float *x, int64_t headDim, float *codes, float &scale) {
  float largest = 1e-5f;
  bool finite = true;
  for (int64_t i = 0; i < headDim; ++i) {
    finite &= isFiniteFloat(x[i]);
    largest = std::fabs(x[i]) > largest ? std::fabs(x[i]) : largest;
  }
  float factor = 127.0f / largest;
  for (int64_t i = 0; i < headDim; ++i)
    codes[i] = std::min(std::max(roundHalfEven(x[i] * factor), -128.0f), 127.0f);
  scale = largest / 127.0f;
  return finite;
}

void attention(const float *query, const CacheView &cache, int64_t positions, int64_t headDim,
               float scale, float *y) {
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  int64_t blocks = (positions + attentionBlock - 1) / attentionBlock;
  std::vector<float> largest(blocks, lowest), totals(blocks), sums(blocks * headDim);
  for (int64_t block = 0; block < blocks; ++block) {
    int64_t first = block * attentionBlock, last = std::min(first + attentionBlock, positions);
    std::vector<float> weights;
    for (int64_t j = first; j < last; ++j) {
      float score = dot(query, cache.keys + j * headDim, headDim);
      if (cache.keyScales)
        score = score * cache.keyScales[j];
      weights.push_back(score * scale);
      largest[block] = weights.back() > largest[block] ? weights.back() : largest[block];
    }
    for (float &weight : weights)
      weight = exponential(weight - largest[block]);
    totals[block] = sum(weights.data(), last - first);
    for (int64_t j = first; j < last; ++j) {
      float weight = weights[j - first];
      if (cache.valueScales)
        weight = weight * cache.valueScales[j];
      for (int64_t d = 0; d < headDim; ++d) {
        float &output = sums[block * headDim + d];
        output = output + weight * cache.values[j * headDim + d];
      }
    }
  }
  float most = lowest;
  for (float value : largest)
    most = value > most ? value : most;
  float total = 0.0f;
  std::vector<float> outputs(headDim);
  for (int64_t block = 0; block < blocks; ++block) {
    float weight = exponential(largest[block] - most);
    total = total + weight * totals[block];
    for (int64_t d = 0; d < headDim; ++d)
      outputs[d] = outputs[d] + weight * sums[block * headDim + d];
  }
  for (int64_t d = 0; d < headDim; ++d)
    y[d] = outputs[d] / total;
}

float gatedRelu2(float gate, float up) {
  float positive = gate > 0.0f ? gate : 0.0f;
  return (positive * positive) * up;
}

float gatedSilu(float gate, float up) { return (gate / (1.0f + exponential(-gate))) * up; }

} // namespace lobit::reference
