#include "dialects/Lobit/Weights/InputStatistics.h"
#include "dialects/Lobit/Weights/ErrorCompensation.h"
#include "dialects/Lobit/Weights/Parallel.h"

#include <algorithm>
#include <cmath>

using namespace lobit;

// A tile of H that stays in the cache while a chunk of inputs goes by.
static constexpr int64_t kTileRows = 16, kTileColumns = 256;

static void addTile(const float *inputs, int64_t count, int64_t columns, int64_t row,
                    int64_t column, double *products) {
  const int64_t rows = std::min(kTileRows, columns - row);
  const int64_t width = std::min(kTileColumns, columns - column);
  float sums[kTileColumns];
  for (int64_t begin = 0; begin < count; begin += InputStatistics::kChunk) {
    const int64_t end = std::min(begin + InputStatistics::kChunk, count);
    for (int64_t i = row; i < row + rows; ++i) {
      std::fill(sums, sums + width, 0.0f);
      for (int64_t t = begin; t < end; ++t) {
        const float *x = inputs + t * columns;
        const float xi = x[i];
        for (int64_t j = 0; j < width; ++j)
          sums[j] += xi * x[column + j];
      }
      double *out = products + i * columns + column;
      for (int64_t j = 0; j < width; ++j)
        out[j] += double(sums[j]);
    }
  }
}

InputStatistics::InputStatistics(int64_t columns)
    : columns_(columns), products_(size_t(columns * columns)) {}

const ErrorCompensation &InputStatistics::compensation(unsigned threads) const {
  if (!compensation_)
    compensation_ = std::make_shared<const ErrorCompensation>(*this, threads);
  return *compensation_;
}

void InputStatistics::add(const float *inputs, int64_t count, unsigned threads) {
  const int64_t blocks = (columns_ + kTileRows - 1) / kTileRows;
  // Blocks of rows from both ends, so that each part has as much of the upper triangle.
  parallelFor((blocks + 1) / 2, threads, [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; ++pair)
      for (int64_t block : {pair, blocks - 1 - pair}) {
        const int64_t row = block * kTileRows;
        for (int64_t column = row; column < columns_; column += kTileColumns)
          addTile(inputs, count, columns_, row, column, products_.data());
        if (block == blocks - 1 - block)
          break; // the middle one, once
      }
  });
  samples_ += count;
  compensation_.reset();
  parallelFor(columns_, threads, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < i; ++j)
        products_[size_t(i * columns_ + j)] = products_[size_t(j * columns_ + i)];
  });
}

std::vector<float> InputStatistics::meanSquares() const {
  std::vector<float> result(static_cast<size_t>(columns_));
  for (int64_t i = 0; samples_ != 0 && i < columns_; ++i)
    result[size_t(i)] = float(products_[size_t(i * columns_ + i)] / double(samples_));
  return result;
}

bool InputStatistics::isFinite() const {
  return std::all_of(products_.begin(), products_.end(),
                     [](double value) { return std::isfinite(value); });
}
