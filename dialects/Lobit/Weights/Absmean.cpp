#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Ternary.h"

#include <cmath>

using namespace lobit;

// (Q4) g = max(mean |w|, 1e-5). The mean is a f64 sum of f64 sums of 4096
// consecutive weights, each in order, rounded to f32 once.
float lobit::absmeanScale(const float *weights, int64_t size) {
  double total = 0;
  for (int64_t first = 0; first < size; first += 4096) {
    int64_t end = std::min<int64_t>(first + 4096, size);
    double chunk = 0;
    for (int64_t i = first; i < end; ++i)
      chunk += double(std::fabs(weights[i]));
    total += chunk;
  }
  float mean = float(total / double(size));
  return std::max(mean, 1e-5f);
}

static int8_t roundTernary(float quotient) {
  return int8_t(roundHalfEven(std::min(std::max(quotient, -1.0f), 1.0f)));
}

// (Q4) t = clamp(round(w / g), -1, 1), half to even.
float lobit::quantizeAbsmean(const float *weights, int64_t size, int8_t *codes) {
  float scale = absmeanScale(weights, size);
  for (int64_t i = 0; i < size; ++i)
    codes[i] = roundTernary(weights[i] / scale);
  return scale;
}

// (Q5) r = 1 / g in f32, t = clamp(round(w * r), -1, 1), half to even.
float lobit::quantizeAbsmeanHf(const float *weights, int64_t size, int8_t *codes) {
  float scale = absmeanScale(weights, size), reciprocal = 1.0f / scale;
  for (int64_t i = 0; i < size; ++i)
    codes[i] = roundTernary(weights[i] * reciprocal);
  return scale;
}

// (Q7) The codes of (Q4); s = sum |w| / count over the weights with t != 0, which
// is the least-squares scale of these codes. 0 when all codes are 0.
float lobit::quantizeAbsmeanRefit(const float *weights, int64_t size, int8_t *codes) {
  quantizeAbsmean(weights, size, codes);
  double sum = 0;
  int64_t kept = 0;
  for (int64_t i = 0; i < size; ++i)
    if (codes[i] != 0) {
      sum += double(std::fabs(weights[i]));
      ++kept;
    }
  return kept == 0 ? 0.0f : float(sum / double(kept));
}
