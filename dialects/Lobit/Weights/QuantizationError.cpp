#include "dialects/Lobit/Weights/QuantizationError.h"
#include "dialects/Lobit/Weights/Parallel.h"

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

QuantizationError lobit::measureError(const FloatTensor &weight, const CodedWeight &coded,
                                      const ScaleGrid &grid, unsigned threads) {
  int64_t columns = weight.columns(), perRow = grid.groupsPerRow();
  int64_t group = grid.granularity == Granularity::Group ? grid.groupSize : columns;
  std::vector<QuantizationError> rows(size_t(weight.rows()));
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    std::vector<float> values(static_cast<size_t>(columns));
    for (int64_t row = begin; row < end; ++row) {
      weight.widen(row * columns, columns, values.data());
      const int8_t *codes = &coded.codes[size_t(row * columns)];
      QuantizationError sums;
      sums.count = columns;
      for (int64_t g = 0; g < perRow; ++g) {
        size_t scaleIndex = grid.granularity == Granularity::Tensor ? 0 : size_t(row * perRow + g);
        double scale = double(coded.scales[scaleIndex]);
        for (int64_t c = g * group; c < std::min(columns, (g + 1) * group); ++c) {
          double w = double(values[size_t(c)]), v = scale * double(codes[c]);
          sums.zeros += codes[c] == 0;
          sums.weights += w * w;
          sums.pruned += codes[c] == 0 ? w * w : 0;
          sums.values += v * v;
          sums.products += w * v;
          sums.errors += (w - v) * (w - v);
        }
      }
      rows[size_t(row)] = sums;
    }
  });
  QuantizationError total;
  for (const QuantizationError &row : rows)
    total.add(row);
  return total;
}
