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
// before. So eight rows go side by side, each in a lane of its own.
#define LOBIT_INLINE inline __attribute__((always_inline)) // so that it is cloned, too

namespace {

constexpr int lanes = 8;
template <typename T, int count> using Vector = T __attribute__((vector_size(count * sizeof(T))));
using Lanes = Vector<double, lanes>;
using FloatLanes = Vector<float, lanes>;
using CodeLanes = Vector<int8_t, lanes>;
using CodePairs = Vector<int8_t, 2 * lanes>;
using Counts = Vector<int64_t, lanes>;

/// Columns of eight rows; lanes without a row of their own repeat another.
struct Rows {
  const float *weights[lanes];
  const int8_t *codes[lanes];
};
struct Sums {
  Lanes weights = {}, values = {}, products = {}, errors = {}, pruned = {};
  Counts zeros = {};
};

/// Columns `first` .. first + width - 1 of all rows; what is behind them is 0.
template <typename Row, typename Element>
LOBIT_INLINE void loadRows(const Element *const *from, int64_t first, int64_t width, Row *rows) {
  for (int lane = 0; lane < lanes; ++lane) {
    rows[lane] = Row{};
    if (width == lanes)
      std::memcpy(&rows[lane], from[lane] + first, sizeof(Row));
    else
      std::memcpy(&rows[lane], from[lane] + first, size_t(width) * sizeof(Element));
  }
}

/// Rows become columns: in pairs, then in fours, then in halves.
LOBIT_INLINE void transpose(const FloatLanes *rows, FloatLanes *columns) {
  FloatLanes pairs[lanes], fours[lanes];
  for (int i = 0; i < lanes; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < lanes; i += 4)
    for (int j = 0; j < 2; ++j) {
      const FloatLanes &low = pairs[i + j], &high = pairs[i + 2 + j];
      fours[i + 2 * j] = __builtin_shufflevector(low, high, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = __builtin_shufflevector(low, high, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int i = 0; i < lanes / 2; ++i) {
    columns[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    columns[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

LOBIT_INLINE void transpose(const CodeLanes *rows, CodeLanes *columns) {
  CodePairs pairs[4], fours[4], eights[4];
  for (int i = 0; i < 4; ++i)
    pairs[i] = __builtin_shufflevector(rows[2 * i], rows[2 * i + 1], 0, 8, 1, 9, 2, 10, 3, 11, 4,
                                       12, 5, 13, 6, 14, 7, 15);
  for (int i = 0; i < 4; i += 2) {
    fours[i] = __builtin_shufflevector(pairs[i], pairs[i + 1], 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20,
                                       21, 6, 7, 22, 23);
    fours[i + 1] = __builtin_shufflevector(pairs[i], pairs[i + 1], 8, 9, 24, 25, 10, 11, 26, 27, 12,
                                           13, 28, 29, 14, 15, 30, 31);
  }
  for (int i = 0; i < 2; ++i) {
    eights[2 * i] = __builtin_shufflevector(fours[i], fours[i + 2], 0, 1, 2, 3, 16, 17, 18, 19, 4,
                                            5, 6, 7, 20, 21, 22, 23);
    eights[2 * i + 1] = __builtin_shufflevector(fours[i], fours[i + 2], 8, 9, 10, 11, 24, 25, 26,
                                                27, 12, 13, 14, 15, 28, 29, 30, 31);
  }
  for (int i = 0; i < 4; ++i) {
    columns[2 * i] = __builtin_shufflevector(eights[i], eights[i], 0, 1, 2, 3, 4, 5, 6, 7);
    columns[2 * i + 1] =
        __builtin_shufflevector(eights[i], eights[i], 8, 9, 10, 11, 12, 13, 14, 15);
  }
}

/// Adds the columns [begin, end), whose scales are `scales`.
LOBIT_WIDEST_CLONES void addColumns(const Rows &rows, int64_t begin, int64_t end,
                                    const double *scales, Sums &total) {
  Sums sums = total;
  Lanes scale;
  std::memcpy(&scale, scales, sizeof(scale));
  for (int64_t first = begin; first < end; first += lanes) {
    const int64_t width = std::min<int64_t>(lanes, end - first);
    FloatLanes weightRows[lanes], weights[lanes];
    CodeLanes codeRows[lanes], codes[lanes];
    loadRows(rows.weights, first, width, weightRows);
    loadRows(rows.codes, first, width, codeRows);
    transpose(weightRows, weights);
    transpose(codeRows, codes);
    for (int64_t c = 0; c < width; ++c) {
      const Lanes w = __builtin_convertvector(weights[c], Lanes);
      const Counts code = __builtin_convertvector(codes[c], Counts);
      const Lanes v = scale * __builtin_convertvector(code, Lanes);
      const Lanes square = w * w, difference = w - v;
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

} // namespace

void lobit::measureRows(const FloatTensor &weight, const ScaleGrid &grid, int64_t first,
                        int64_t count, const int8_t *codes, const float *scales,
                        QuantizationError *rows) {
  const int64_t columns = weight.columns(), perRow = grid.groupsPerRow();
  const int64_t group = grid.granularity == Granularity::Group ? grid.groupSize : columns;
  std::vector<float> floats(size_t(lanes * columns));
  for (int64_t begin = 0; begin < count; begin += lanes) {
    Rows views;
    const float *rowScales[lanes];
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t row = begin + std::min(lane, count - begin - 1);
      float *weights = &floats[size_t(lane * columns)];
      weight.widen((first + row) * columns, columns, weights);
      views.weights[lane] = weights;
      views.codes[lane] = codes + row * columns;
      rowScales[lane] =
          scales + (grid.granularity == Granularity::Tensor ? 0 : (first + row) * perRow);
    }
    Sums sums;
    for (int64_t g = 0; g < perRow; ++g) {
      double groupScales[lanes];
      for (int64_t lane = 0; lane < lanes; ++lane)
        groupScales[lane] = double(rowScales[lane][g]);
      addColumns(views, g * group, std::min(columns, (g + 1) * group), groupScales, sums);
    }
    for (int64_t lane = 0; lane < std::min<int64_t>(lanes, count - begin); ++lane) {
      QuantizationError &row = rows[begin + lane];
      row.count = columns;
      row.zeros = sums.zeros[lane];
      row.weights = sums.weights[lane];
      row.values = sums.values[lane];
      row.products = sums.products[lane];
      row.errors = sums.errors[lane];
      row.pruned = sums.pruned[lane];
    }
  }
}

QuantizationError lobit::measureError(const FloatTensor &weight, const CodedWeight &coded,
                                      const ScaleGrid &grid, unsigned threads) {
  std::vector<QuantizationError> rows(size_t(weight.rows()));
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    measureRows(weight, grid, begin, end - begin, coded.codes.data() + begin * weight.columns(),
                coded.scales.data(), rows.data() + begin);
  });
  QuantizationError total;
  for (const QuantizationError &row : rows)
    total.add(row);
  return total;
}
