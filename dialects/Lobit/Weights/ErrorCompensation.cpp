#include "dialects/Lobit/Weights/ErrorCompensation.h"
#include "dialects/Lobit/Weights/Parallel.h"

#include <algorithm>
#include <cmath>

using namespace lobit;

static constexpr int64_t kBlock = 64;

// Cholesky from the last column to the first, in blocks of columns. Only the upper triangle
// is read and written. For a block [b, e) of columns: factor the square, solve for the rows
// above it, subtract what it explains from all that is left above.
ErrorCompensation::ErrorCompensation(const InputStatistics &inputs, unsigned threads)
    : columns_(inputs.columns()), factor_(inputs.products()),
      costs_(static_cast<size_t>(columns_)) {
  const int64_t n = columns_;
  double *r = factor_.data();
  double trace = 0;
  for (int64_t i = 0; i < n; ++i)
    trace += r[i * n + i];
  const double damping = trace > 0 ? 0.01 * trace / double(n) : 1;
  for (int64_t i = 0; i < n; ++i)
    r[i * n + i] += damping;

  std::vector<double> transposed(static_cast<size_t>(kBlock * n));
  for (int64_t end = n; end > 0;) {
    const int64_t begin = (end - 1) / kBlock * kBlock;
    for (int64_t j = end - 1; j >= begin; --j) {
      double pivot = r[j * n + j];
      for (int64_t k = j + 1; k < end; ++k)
        pivot -= r[j * n + k] * r[j * n + k];
      // At least `damping` in exact arithmetic.
      pivot = std::sqrt(std::max(pivot, 1e-6 * damping));
      r[j * n + j] = pivot;
      parallelFor(j, j < 4 * kBlock ? 1 : threads, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
          double sum = r[i * n + j];
          for (int64_t k = j + 1; k < end; ++k)
            sum -= r[i * n + k] * r[j * n + k];
          r[i * n + j] = sum / pivot;
        }
      });
    }
    for (int64_t i = 0; i < begin; ++i)
      for (int64_t k = begin; k < end; ++k)
        transposed[size_t((k - begin) * n + i)] = r[i * n + k];
    // Rows from both ends: each part has as much of the triangle.
    parallelFor((begin + 1) / 2, threads, [&](int64_t from, int64_t to) {
      for (int64_t pair = from; pair < to; ++pair)
        for (int64_t i : {pair, begin - 1 - pair}) {
          for (int64_t k = begin; k < end; ++k) {
            const double factor = r[i * n + k];
            const double *column = &transposed[size_t((k - begin) * n)];
            for (int64_t j = i; j < begin; ++j)
              r[i * n + j] -= factor * column[j];
          }
          if (i == begin - 1 - i)
            break; // the middle one, once
        }
    });
    end = begin;
  }
  for (int64_t j = 0; j < n; ++j) {
    const double diagonal = r[j * n + j];
    costs_[size_t(j)] = diagonal * diagonal;
    for (int64_t i = 0; i < j; ++i)
      r[i * n + j] /= diagonal;
  }
}
