#include "dialects/Lobit/Weights/OutputError.h"
#include "dialects/Lobit/Weights/Parallel.h"

using namespace lobit;

namespace {

// Rows that share one reading of H, and the columns of H that stay in the cache.
constexpr int64_t kRows = 8, kTile = 512;

/// The sum of v H v^T for each of `count` vectors [count, columns].
void quadraticForms(const double *vectors, int64_t count, const InputStatistics &inputs,
                    double *forms) {
  const int64_t columns = inputs.columns();
  const double *h = inputs.products().data();
  std::fill(forms, forms + count, 0.0);
  double products[kRows][kTile];
  for (int64_t begin = 0; begin < columns; begin += kTile) {
    const int64_t width = std::min(kTile, columns - begin);
    for (int64_t r = 0; r < count; ++r)
      std::fill(products[r], products[r] + width, 0.0);
    for (int64_t i = 0; i < columns; ++i)
      for (int64_t r = 0; r < count; ++r) {
        const double factor = vectors[r * columns + i];
        if (factor == 0)
          continue;
        for (int64_t j = 0; j < width; ++j)
          products[r][j] += factor * h[i * columns + begin + j];
      }
    for (int64_t r = 0; r < count; ++r)
      for (int64_t j = 0; j < width; ++j)
        forms[r] += products[r][j] * vectors[r * columns + begin + j];
  }
}

} // namespace

OutputError lobit::measureOutputError(const FloatTensor &weight, const CodedWeight &coded,
                                      const ScaleGrid &grid, const InputStatistics &inputs,
                                      unsigned threads) {
  const int64_t columns = weight.columns(), perRow = grid.groupsPerRow();
  const int64_t group = grid.granularity == Granularity::Group ? grid.groupSize : columns;
  const int64_t blocks = (weight.rows() + kRows - 1) / kRows;
  std::vector<double> outputs(static_cast<size_t>(weight.rows()));
  std::vector<double> errors(static_cast<size_t>(weight.rows()));
  parallelFor(blocks, threads, [&](int64_t first, int64_t last) {
    std::vector<float> values(static_cast<size_t>(columns));
    std::vector<double> weights(static_cast<size_t>(kRows * columns)), changes(weights.size());
    for (int64_t block = first; block < last; ++block) {
      const int64_t begin = block * kRows, count = std::min(kRows, weight.rows() - begin);
      for (int64_t r = 0; r < count; ++r) {
        const int64_t row = begin + r;
        weight.widen(row * columns, columns, values.data());
        for (int64_t c = 0; c < columns; ++c) {
          const int64_t index =
              grid.granularity == Granularity::Tensor ? 0 : row * perRow + c / group;
          const double value =
              double(coded.scales[size_t(index)]) * double(coded.codes[size_t(row * columns + c)]);
          weights[size_t(r * columns + c)] = double(values[size_t(c)]);
          changes[size_t(r * columns + c)] = double(values[size_t(c)]) - value;
        }
      }
      quadraticForms(weights.data(), count, inputs, &outputs[size_t(begin)]);
      quadraticForms(changes.data(), count, inputs, &errors[size_t(begin)]);
    }
  });
  OutputError total;
  for (size_t row = 0; row < outputs.size(); ++row) {
    total.outputs += outputs[row];
    total.errors += std::max(errors[row], 0.0); // rounding may leave a negative sum
  }
  return total;
}
