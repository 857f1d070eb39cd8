#include "dialects/Lobit/Weights/Int6.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Parallel.h"
#include "dialects/Lobit/Weights/SparsifyObs.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/Pair24.h"

#include <array>
#include <cmath>

using namespace lobit;

static constexpr Int6MethodInfo methods[] = {
#define LOBIT_INT6_METHOD(EnumName, word, needsInputs, text)                                       \
  {Int6Method::EnumName, word, needsInputs, text},
#include "dialects/Lobit/Weights/Int6Methods.inc"
};

const Int6MethodInfo *lobit::allInt6Methods(unsigned &count) {
  count = sizeof(methods) / sizeof(methods[0]);
  return methods;
}

const Int6MethodInfo &lobit::int6MethodInfo(Int6Method method) { return methods[size_t(method)]; }

const Int6MethodInfo *lobit::findInt6Method(std::string_view word) {
  for (const Int6MethodInfo &info : methods)
    if (word == info.word)
      return &info;
  return nullptr;
}

// (Q12) The two pairs of the largest w0^2 h0 + w1^2 h1; of equal ones the first.
void lobit::prunePairs(float *weights, int64_t columns, const float *columnWeights) {
  for (int64_t first = 0; first < columns; first += 8) {
    int64_t count = std::min<int64_t>(8, columns - first);
    double scores[4] = {};
    for (int64_t i = 0; i < count; ++i) {
      double w = double(weights[first + i]);
      scores[i / 2] += columnWeights ? w * w * double(columnWeights[first + i]) : w * w;
    }
    for (int64_t i = 0; i < count; ++i) {
      int better = 0;
      for (int64_t pair = 0; pair < 4; ++pair)
        better += scores[pair] > scores[i / 2] || (scores[pair] == scores[i / 2] && pair < i / 2);
      if (better >= 2)
        weights[first + i] = 0;
    }
  }
}

namespace {

/// The kept weights of a row with their column weights.
struct KeptRow {
  std::vector<float> weights, columnWeights;

  bool weighted() const { return !columnWeights.empty(); }
  /// Sums over all kept weights: `lanes` partial sums, lane j those of index j mod
  /// lanes, then the fixed tree.
  template <size_t count, typename Terms> std::array<double, count> sums(const Terms &terms) const {
    constexpr size_t lanes = 8;
    double partial[count][lanes] = {};
    for (size_t i = 0; i < weights.size(); ++i) {
      std::array<double, count> next = terms(i);
      for (size_t k = 0; k < count; ++k)
        partial[k][i % lanes] += next[k];
    }
    std::array<double, count> result;
    for (size_t k = 0; k < count; ++k) {
      for (size_t half = lanes / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; ++j)
          partial[k][j] += partial[k][j + half];
      result[k] = partial[k][0];
    }
    return result;
  }
  double importance(size_t i) const { return weighted() ? double(columnWeights[i]) : 1.0; }
};

struct Fit {
  float scale = 0;
  double error = 0;
};

/// Half to even.
int8_t codeOf(float weight, float scale) {
  return int8_t(
      roundHalfEven(std::min(std::max(weight / scale, float(kInt6Smallest)), float(kInt6Largest))));
}

/// The codes of scale `scale`, their least-squares scale as f32, and its error. A scale
/// of 0 means that the codes are all 0.
Fit refit(const KeptRow &row, float scale) {
  auto [products, squares] = row.sums<2>([&](size_t i) {
    double q = codeOf(row.weights[i], scale), h = row.importance(i);
    return std::array<double, 2>{h * q * double(row.weights[i]), h * q * q};
  });
  Fit fit;
  fit.scale = squares > 0 ? float(products / squares) : 0;
  fit.error = row.sums<1>([&](size_t i) {
    double q = codeOf(row.weights[i], scale);
    double e = double(row.weights[i]) - double(fit.scale) * q;
    return std::array<double, 1>{row.importance(i) * e * e};
  })[0];
  return fit;
}

} // namespace

float lobit::quantizePrunedRow(const float *pruned, int64_t columns, const float *columnWeights,
                               int8_t *codes) {
  KeptRow row;
  float positive = 0, negative = 0, total = 0;
  for (int64_t c = 0; c < columns; ++c) {
    codes[c] = 0;
    if (pruned[c] == 0)
      continue;
    row.weights.push_back(pruned[c]);
    positive = std::max(positive, pruned[c]);
    negative = std::max(negative, -pruned[c]);
    if (columnWeights) {
      row.columnWeights.push_back(columnWeights[c]);
      total = std::max(total, columnWeights[c]);
    }
  }
  // Columns that were never active say nothing about the scale.
  if (total == 0)
    row.columnWeights.clear();

  // The largest scale that clips nothing, smaller ones that clip, the one of seed mode.
  constexpr int steps = 24, smallestStep = 4;
  float whole = std::max(positive / float(kInt6Largest), negative / -float(kInt6Smallest));
  std::array<float, steps - smallestStep + 2> starts;
  for (int i = 0; i <= steps - smallestStep; ++i)
    starts[size_t(i)] = whole * (float(steps - i) / float(steps));
  starts.back() = std::max(positive, negative) / float(kInt6Largest);

  float codedWith = 0;
  Fit best;
  auto improve = [&](float start) {
    if (start == 0)
      return false;
    Fit fit = refit(row, start);
    if (fit.scale <= 0 || (codedWith != 0 && fit.error >= best.error))
      return false;
    codedWith = start;
    best = fit;
    return true;
  };
  for (float start : starts)
    improve(start);
  for (int round = 0; round < 16 && improve(best.scale); ++round) {
  }
  if (codedWith == 0)
    return 0;
  for (int64_t c = 0; c < columns; ++c)
    codes[c] = pruned[c] == 0 ? int8_t(0) : codeOf(pruned[c], codedWith);
  return best.scale;
}

Result<CodedWeight> lobit::quantizeInt6(const FloatTensor &weight, Int6Method method,
                                        const InputStatistics *inputs, unsigned threads) {
  int64_t columns = weight.columns();
  const Int6MethodInfo &info = int6MethodInfo(method);
  if (info.needsInputs && !inputs)
    return Status(StatusCode::INVALID_ARGUMENT,
                  std::string("int6:") + info.word + " needs what the layer reads, and '" +
                      weight.name() + "' has no statistics; calibrate with a text");
  if (info.needsInputs && inputs->columns() != columns)
    return Status(StatusCode::MISMATCH,
                  "tensor '" + weight.name() + "' has " + std::to_string(columns) +
                      " columns, but there are statistics of " + std::to_string(inputs->columns()) +
                      "; calibrate with this model");
  if (method == Int6Method::Obs)
    return sparsifyObs(weight, *inputs, threads);
  std::vector<float> columnWeights;
  if (method == Int6Method::Weighted)
    columnWeights = inputs->meanSquares();
  const float *importance = columnWeights.empty() ? nullptr : columnWeights.data();
  CodedWeight result;
  result.codes.resize(size_t(weight.size()));
  result.scales.resize(size_t(weight.rows()));
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    std::vector<float> values(static_cast<size_t>(columns));
    std::vector<int8_t> padded(roundUp(uint64_t(columns), kPair24Columns));
    for (int64_t row = begin; row < end; ++row) {
      weight.widen(row * columns, columns, values.data());
      float &scale = result.scales[size_t(row)];
      switch (method) {
      case Int6Method::Magnitude:
      case Int6Method::Weighted:
        prunePairs(values.data(), columns, importance);
        scale = quantizePrunedRow(values.data(), columns, importance, padded.data());
        break;
      case Int6Method::Seed:
        scale = quantizeSeedRow(values.data(), columns, padded.data());
        break;
      case Int6Method::SeedExact:
        scale = quantizeSeedExactRow(values.data(), columns, padded.data());
        break;
      case Int6Method::Obs:
        break; // not row by row
      }
      std::copy_n(padded.begin(), columns, &result.codes[size_t(row * columns)]);
    }
  });
  return result;
}
