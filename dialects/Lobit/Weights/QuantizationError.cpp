#include "dialects/Lobit/Weights/QuantizationError.h"
#include "dialects/Lobit/Weights/Parallel.h"
#include "dialects/Lobit/Weights/WiderClones.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace lobit;

void QuantizationError::add(const QuantizationError &other) {
  count += other.count;
  zeros += other.zeros;
  weights += other.weights;
  values += other.values;
  products += other.products;
  errors += other.errors;
  pruned += other.pruned;
}

double QuantizationError::zeroFraction() const {
  return count == 0 ? 0 : double(zeros) / double(count);
}

double QuantizationError::prunedEnergy() const { return pruned == 0 ? 0 : pruned / weights; }

double QuantizationError::relativeMse() const { return errors == 0 ? 0 : errors / weights; }

double QuantizationError::sqnrDecibel() const {
  return errors == 0 ? std::numeric_limits<double>::infinity() : -10 * std::log10(relativeMse());
}

double QuantizationError::cosine() const {
  if (weights == 0 && values == 0)
    return 1;
  return weights == 0 || values == 0 ? 0 : products / std::sqrt(weights * values);
}

// The sums of a row are sequential: column after column, each sum waits for the one
// before. So four rows go side by side, each in a lane of its own.
namespace {

constexpr int64_t lanes = 4;
using Lanes = double __attribute__((vector_size(lanes * sizeof(double))));
using FloatLanes = float __attribute__((vector_size(lanes * sizeof(float))));
using Counts = int64_t __attribute__((vector_size(lanes * sizeof(int64_t))));

/// Columns of four rows; lanes without a row of their own repeat another.
struct Rows {
  const float *weights[lanes], *codes[lanes];
};
struct Sums {
  Lanes weights = {}, values = {}, products = {}, errors = {}, pruned = {};
  Counts zeros = {};
};

/// columns[c] = column `first` + c of the rows, c = 0..3.
inline __attribute__((always_inline)) void transpose(const float *const *rows, int64_t first,
                                                     FloatLanes *columns) {
  FloatLanes r[lanes];
  for (int64_t lane = 0; lane < lanes; ++lane)
    std::memcpy(&r[lane], rows[lane] + first, sizeof(r[lane]));
  const FloatLanes low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
  const FloatLanes low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
  const FloatLanes high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const FloatLanes high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  columns[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  columns[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  columns[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  columns[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

/// Adds the columns [begin, end), whose scales are `scales`. Behind `end` the rows have
/// three more floats that may be read.
LOBIT_WIDER_CLONES void addColumns(const Rows &rows, int64_t begin, int64_t end,
                                   const double *scales, Sums &total) {
  Sums sums = total;
  Lanes scale;
  std::memcpy(&scale, scales, sizeof(scale));
  for (int64_t first = begin; first < end; first += lanes) {
    FloatLanes weights[lanes], codes[lanes];
    transpose(rows.weights, first, weights);
    transpose(rows.codes, first, codes);
    const int64_t width = std::min(lanes, end - first);
    for (int64_t c = 0; c < width; ++c) {
      const Lanes w = __builtin_convertvector(weights[c], Lanes);
      const Lanes code = __builtin_convertvector(codes[c], Lanes);
      const Lanes v = scale * code, square = w * w, difference = w - v;
      sums.weights += square;
      const Counts isZero = code == 0; // all bits where true
      sums.zeros -= isZero;
      sums.pruned += isZero ? square : Lanes{};
      sums.values += v * v;
      sums.products += w * v;
      sums.errors += difference * difference;
    }
  }
  total = sums;
}

LOBIT_WIDER_CLONES void widenCodes(const int8_t *codes, int64_t count, float *out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = float(codes[i]);
}

} // namespace

QuantizationError lobit::measureError(const FloatTensor &weight, const CodedWeight &coded,
                                      const ScaleGrid &grid, unsigned threads) {
  const int64_t columns = weight.columns(), perRow = grid.groupsPerRow();
  const int64_t group = grid.granularity == Granularity::Group ? grid.groupSize : columns;
  std::vector<QuantizationError> rows(size_t(weight.rows()));
  const int64_t stride = columns + lanes - 1;
  // Rows first .. first + count - 1; `floats` has room for weights and codes.
  auto measureRows = [&](int64_t first, int64_t count, std::vector<float> &floats) {
    Rows views;
    int64_t scaleIndex[lanes];
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t row = first + std::min(lane, count - 1);
      float *weights = &floats[size_t(2 * lane * stride)], *wide = weights + stride;
      weight.widen(row * columns, columns, weights);
      widenCodes(&coded.codes[size_t(row * columns)], columns, wide);
      views.weights[lane] = weights;
      views.codes[lane] = wide;
      scaleIndex[lane] = grid.granularity == Granularity::Tensor ? 0 : row * perRow;
    }
    Sums sums;
    for (int64_t g = 0; g < perRow; ++g) {
      double scales[lanes];
      for (int64_t lane = 0; lane < lanes; ++lane)
        scales[lane] = double(coded.scales[size_t(scaleIndex[lane] + g)]);
      addColumns(views, g * group, std::min(columns, (g + 1) * group), scales, sums);
    }
    for (int64_t lane = 0; lane < count; ++lane) {
      QuantizationError &row = rows[size_t(first + lane)];
      row.count = columns;
      row.zeros = sums.zeros[lane];
      row.weights = sums.weights[lane];
      row.values = sums.values[lane];
      row.products = sums.products[lane];
      row.errors = sums.errors[lane];
      row.pruned = sums.pruned[lane];
    }
  };
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    std::vector<float> floats(size_t(2 * lanes * stride));
    for (int64_t row = begin; row < end; row += lanes)
      measureRows(row, std::min(lanes, end - row), floats);
  });
  QuantizationError total;
  for (const QuantizationError &row : rows)
    total.add(row);
  return total;
}
