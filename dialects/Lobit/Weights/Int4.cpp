#include "dialects/Lobit/Weights/Int4.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Parallel.h"

#include <array>
#include <vector>

using namespace lobit;

namespace {

constexpr float smallest = -8, largest = 7;
/// Scales between the one that clips nothing and half of it.
constexpr int steps = 32, smallestStep = 16;
constexpr size_t lanes = 16;

float codeOf(float weight, float reciprocal) {
  return roundHalfEven(std::min(std::max(weight * reciprocal, smallest), largest));
}

float sumOfLanes(std::array<float, lanes> &partial) {
  for (size_t half = lanes / 2; half > 0; half /= 2)
    for (size_t j = 0; j < half; ++j)
      partial[j] += partial[j + half];
  return partial[0];
}

struct Fit {
  float products = 0; ///< sum q w
  float squares = 0;  ///< sum q^2

  float scale() const { return squares > 0 ? products / squares : 0; }
  /// What the best scale of these codes takes off sum w^2.
  double gain() const {
    return squares > 0 ? double(products) * double(products) / double(squares) : 0;
  }
};

/// `weights` is padded with zeros to whole lanes: a zero adds nothing.
Fit fitCodes(const std::vector<float> &weights, float reciprocal) {
  std::array<float, lanes> products{}, squares{};
  for (size_t i = 0; i < weights.size(); i += lanes)
    for (size_t j = 0; j < lanes; ++j) {
      float q = codeOf(weights[i + j], reciprocal);
      products[j] += q * weights[i + j];
      squares[j] += q * q;
    }
  return {sumOfLanes(products), sumOfLanes(squares)};
}

/// Codes of the first `columns` weights of a padded row; the scale as f32.
float quantizeRow(const std::vector<float> &weights, int64_t columns, int8_t *codes) {
  float positive = 0, negative = 0;
  for (float weight : weights) {
    positive = std::max(positive, weight);
    negative = std::max(negative, -weight);
  }
  // Divided by their largest, weights can neither overflow nor vanish in the sums.
  float unit = std::max(positive, negative);
  std::vector<float> scaled(weights.size());
  for (size_t i = 0; unit > 0 && i < weights.size(); ++i)
    scaled[i] = weights[i] / unit;
  float whole = std::max(positive / unit / largest, negative / unit / -smallest);
  float bestReciprocal = 0;
  Fit best;
  for (int step = steps; unit > 0 && step >= smallestStep; --step) {
    float reciprocal = 1.0f / (whole * (float(step) / float(steps)));
    Fit fit = fitCodes(scaled, reciprocal);
    if (fit.gain() > best.gain()) {
      best = fit;
      bestReciprocal = reciprocal;
    }
  }
  for (int64_t c = 0; c < columns; ++c)
    codes[c] = int8_t(codeOf(scaled[size_t(c)], bestReciprocal));
  return best.scale() * unit;
}

} // namespace

// (Q18)
void lobit::quantizeInt4Rows(const FloatTensor &weight, int64_t first, int64_t count, int8_t *codes,
                             float *scales) {
  const int64_t columns = weight.columns();
  std::vector<float> values((size_t(columns) + lanes - 1) / lanes * lanes);
  for (int64_t row = 0; row < count; ++row) {
    weight.widen((first + row) * columns, columns, values.data());
    scales[row] = quantizeRow(values, columns, codes + row * columns);
  }
}

Result<CodedWeight> lobit::quantizeInt4(const FloatTensor &weight, ScaleType scaleType,
                                        unsigned threads) {
  CodedWeight result;
  result.codes.resize(size_t(weight.size()));
  result.scales.resize(size_t(weight.rows()));
  const int64_t columns = weight.columns();
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    quantizeInt4Rows(weight, begin, end - begin, result.codes.data() + begin * columns,
                     result.scales.data() + begin);
  });
  const ScaleGrid grid{weight.rows(), columns, Granularity::Row, 0};
  if (Status status = storeScales(result.scales, scaleType, weight.name(), grid); !status.ok())
    return status;
  return result;
}
