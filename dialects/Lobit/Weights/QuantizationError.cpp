#include "dialects/Lobit/Weights/QuantizationError.h"
#include "dialects/Lobit/Weights/Parallel.h"
#include "dialects/Lobit/Weights/WiderClones.h"

#include <algorithm>
#include <cmath>
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

constexpr int64_t lanes = 4, tileColumns = 64;
using Lanes = double __attribute__((vector_size(lanes * sizeof(double))));
using FloatLanes = float __attribute__((vector_size(lanes * sizeof(float))));

/// Some columns of four rows.
struct Tile {
  FloatLanes weights[tileColumns], codes[tileColumns];
  Lanes scales;
};
struct Sums {
  Lanes weights = {}, values = {}, products = {}, errors = {}, pruned = {};
};

LOBIT_WIDER_CLONES void addTile(const Tile &tile, int64_t columns, Sums &total) {
  Sums sums = total;
  const Lanes scales = tile.scales;
  for (int64_t c = 0; c < columns; ++c) {
    const Lanes w = __builtin_convertvector(tile.weights[c], Lanes);
    const Lanes code = __builtin_convertvector(tile.codes[c], Lanes);
    const Lanes v = scales * code, square = w * w, difference = w - v;
    sums.weights += square;
    sums.pruned += code == 0 ? square : Lanes{};
    sums.values += v * v;
    sums.products += w * v;
    sums.errors += difference * difference;
  }
  total = sums;
}

} // namespace

QuantizationError lobit::measureError(const FloatTensor &weight, const CodedWeight &coded,
                                      const ScaleGrid &grid, unsigned threads) {
  const int64_t columns = weight.columns(), perRow = grid.groupsPerRow();
  const int64_t group = grid.granularity == Granularity::Group ? grid.groupSize : columns;
  std::vector<QuantizationError> rows(size_t(weight.rows()));
  // Rows first .. first + count - 1; lanes without a row repeat the last one.
  auto measureRows = [&](int64_t first, int64_t count, std::vector<float> &values) {
    const int8_t *codes[lanes];
    const float *weights[lanes];
    size_t scaleIndex[lanes];
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t row = first + std::min(lane, count - 1);
      weight.widen(row * columns, columns, &values[size_t(lane * columns)]);
      weights[lane] = &values[size_t(lane * columns)];
      codes[lane] = &coded.codes[size_t(row * columns)];
      scaleIndex[lane] = grid.granularity == Granularity::Tensor ? 0 : size_t(row * perRow);
    }
    Tile tile;
    Sums sums;
    for (int64_t g = 0; g < perRow; ++g) {
      for (int64_t lane = 0; lane < lanes; ++lane)
        tile.scales[lane] = double(coded.scales[scaleIndex[lane] + size_t(g)]);
      const int64_t end = std::min(columns, (g + 1) * group);
      for (int64_t begin = g * group; begin < end; begin += tileColumns) {
        const int64_t width = std::min(tileColumns, end - begin);
        for (int64_t c = 0; c < width; ++c)
          for (int64_t lane = 0; lane < lanes; ++lane) {
            tile.weights[c][lane] = weights[lane][begin + c];
            tile.codes[c][lane] = float(codes[lane][begin + c]);
          }
        addTile(tile, width, sums);
      }
    }
    for (int64_t lane = 0; lane < count; ++lane) {
      QuantizationError &row = rows[size_t(first + lane)];
      row.count = columns;
      row.zeros = std::count(codes[lane], codes[lane] + columns, int8_t(0));
      row.weights = sums.weights[lane];
      row.values = sums.values[lane];
      row.products = sums.products[lane];
      row.errors = sums.errors[lane];
      row.pruned = sums.pruned[lane];
    }
  };
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    std::vector<float> values(size_t(lanes * columns));
    for (int64_t row = begin; row < end; row += lanes)
      measureRows(row, std::min(lanes, end - row), values);
  });
  QuantizationError total;
  for (const QuantizationError &row : rows)
    total.add(row);
  return total;
}
