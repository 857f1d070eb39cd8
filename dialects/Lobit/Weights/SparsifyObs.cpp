#include "dialects/Lobit/Weights/SparsifyObs.h"
#include "dialects/Lobit/Weights/ErrorCompensation.h"
#include "dialects/Lobit/Weights/Parallel.h"

#include <cmath>
#include <limits>

using namespace lobit;

namespace {

constexpr int64_t kChunk = 8, kBlock = 64;
/// Rows that share one reading of the factor.
constexpr int64_t kRows = 8;
/// Which pairs stay, in the order in which the first of equal ones wins: bit p is pair p.
constexpr unsigned kPatterns[] = {0b0011, 0b0101, 0b0110, 0b1001, 0b1010, 0b1100};
constexpr double kLowest = -32, kHighest = 31;

/// Half to even: the sum with 1.5 * 2^52 has no bits below the units.
double roundToCode(double value) {
  return (std::min(std::max(value, kLowest), kHighest) + 0x1.8p52) - 0x1.8p52;
}

/// The rows that one thread works on at a time.
class RowTile {
public:
  RowTile(const FloatTensor &weight, const InputStatistics &inputs,
          const ErrorCompensation &compensation)
      : weight(weight), inputs(inputs), compensation(compensation), columns(weight.columns()),
        weights(size_t(kRows * columns)), values(weights.size()), errors(weights.size()) {}

  void run(int64_t firstRow, int64_t rowCount, CodedWeight &result) {
    count = rowCount;
    std::vector<float> row(static_cast<size_t>(columns));
    for (int64_t r = 0; r < count; ++r) {
      weight.widen((firstRow + r) * columns, columns, row.data());
      std::copy(row.begin(), row.end(), &weights[size_t(r * columns)]);
    }
    // First only prune: what is left says how large the codes have to reach.
    std::fill(scales, scales + kRows, 0.0);
    compensate();
    for (int64_t r = 0; r < count; ++r)
      scales[r] = searchScale(&values[size_t(r * columns)]);
    compensate();
    for (int64_t r = 0; r < count; ++r) {
      int8_t *codes = &result.codes[size_t((firstRow + r) * columns)];
      for (int64_t c = 0; c < columns; ++c)
        codes[c] = int8_t(values[size_t(r * columns + c)]);
      result.scales[size_t(firstRow + r)] = refit(r);
    }
  }

private:
  /// One pass over all columns. `values` becomes the codes, or, for a scale of 0, the
  /// compensated weights that stay.
  void compensate() {
    for (int64_t begin = 0; begin < columns; begin += kBlock) {
      const int64_t width = std::min(kBlock, columns - begin);
      for (int64_t r = 0; r < count; ++r)
        std::copy(&weights[size_t(r * columns + begin)],
                  &weights[size_t(r * columns + begin)] + width, targets[r]);
      for (int64_t i = 0; i < begin; ++i) {
        const double *feedback = compensation.feedback(i) + begin;
        for (int64_t r = 0; r < count; ++r) {
          const double error = errors[size_t(r * columns + i)];
          for (int64_t j = 0; j < width; ++j)
            targets[r][j] += error * feedback[j];
        }
      }
      for (int64_t r = 0; r < count; ++r)
        for (int64_t c = 0; c < width; c += kChunk)
          compensateChunk(r, begin, c, std::min(kChunk, width - c));
    }
  }

  /// Columns first .. first + size - 1 of a block. Targets know the errors of all earlier
  /// blocks; those of this block up to here are added now. The pattern that costs least
  /// stays.
  void compensateChunk(int64_t r, int64_t block, int64_t first, int64_t size) {
    const int64_t at = block + first;
    double *rowErrors = &errors[size_t(r * columns)];
    double base[kChunk];
    std::copy(targets[r] + first, targets[r] + first + size, base);
    for (int64_t i = block; i < at; ++i)
      for (int64_t j = 0; j < size; ++j)
        base[j] += rowErrors[i] * compensation.feedback(i)[at + j];

    const double scale = scales[r];
    double best = std::numeric_limits<double>::infinity();
    double bestValues[kChunk] = {}, bestErrors[kChunk] = {};
    for (unsigned pattern : kPatterns) {
      double chunkValues[kChunk] = {}, chunkErrors[kChunk] = {}, cost = 0;
      for (int64_t j = 0; j < size; ++j) {
        double target = base[j];
        for (int64_t i = 0; i < j; ++i)
          target += chunkErrors[i] * compensation.feedback(at + i)[at + j];
        double value = 0;
        if (pattern >> (j / 2) & 1) {
          chunkValues[j] = scale == 0 ? target : roundToCode(target / scale);
          value = scale == 0 ? target : chunkValues[j] * scale;
        }
        chunkErrors[j] = weights[size_t(r * columns + at + j)] - value;
        cost += compensation.cost(at + j) * (target - value) * (target - value);
      }
      if (cost < best) {
        best = cost;
        std::copy(chunkValues, chunkValues + kChunk, bestValues);
        std::copy(chunkErrors, chunkErrors + kChunk, bestErrors);
      }
    }
    std::copy(bestValues, bestValues + size, &values[size_t(r * columns + at)]);
    std::copy(bestErrors, bestErrors + size, rowErrors + at);
  }

  /// The scale, of 48 between 0.4 and 1 times the one that reaches the largest value, that
  /// rounds the kept values at the least cost; a multiple of f32.
  float searchScale(const double *kept) const {
    double largest = 0;
    for (int64_t c = 0; c < columns; ++c)
      largest = std::max(largest, std::fabs(kept[c]));
    float best = 0;
    double bestCost = std::numeric_limits<double>::infinity();
    for (int step = 0; step < 48; ++step) {
      const auto scale = float(largest / kHighest * (1 - step / 80.0));
      if (!(scale > 0))
        break;
      double cost = 0;
      for (int64_t c = 0; c < columns; ++c) {
        const double rest = kept[c] - double(scale) * roundToCode(kept[c] / double(scale));
        cost += compensation.cost(c) * rest * rest;
      }
      if (cost < bestCost) {
        bestCost = cost;
        best = scale;
      }
    }
    return best;
  }

  /// The scale of least output error for the codes: (q H w) / (q H q).
  float refit(int64_t r) const {
    const double *codes = &values[size_t(r * columns)], *row = &weights[size_t(r * columns)];
    double both = 0, square = 0;
    for (int64_t i = 0; i < columns; ++i) {
      if (codes[i] == 0)
        continue;
      const double *h = &inputs.products()[size_t(i * columns)];
      double hw = 0, hq = 0;
      for (int64_t j = 0; j < columns; ++j) {
        hw += h[j] * row[j];
        hq += h[j] * codes[j];
      }
      both += codes[i] * hw;
      square += codes[i] * hq;
    }
    return square > 0 && both > 0 ? float(both / square) : float(scales[r]);
  }

  const FloatTensor &weight;
  const InputStatistics &inputs;
  const ErrorCompensation &compensation;
  int64_t columns, count = 0;
  std::vector<double> weights, values, errors;
  double targets[kRows][kBlock] = {};
  double scales[kRows] = {};
};

} // namespace

CodedWeight lobit::sparsifyObs(const FloatTensor &weight, const InputStatistics &inputs,
                               unsigned threads) {
  const ErrorCompensation &compensation = inputs.compensation(threads);
  CodedWeight result;
  result.codes.resize(size_t(weight.size()));
  result.scales.resize(size_t(weight.rows()));
  const int64_t tiles = (weight.rows() + kRows - 1) / kRows;
  parallelFor(tiles, threads, [&](int64_t begin, int64_t end) {
    RowTile tile(weight, inputs, compensation);
    for (int64_t i = begin; i < end; ++i)
      tile.run(i * kRows, std::min(kRows, weight.rows() - i * kRows), result);
  });
  return result;
}
