/// \file
/// Mean and covariance of rows, in f64, rows in order:
///
///   mu = (1/W) sum x,  Sigma = (1/W) sum (x - mu)(x - mu)^T     (two passes, ddof 0)
///
/// and the merge of two such statistics.
#ifndef LOBIT_BEACON_STATISTICS_H
#define LOBIT_BEACON_STATISTICS_H

#include "runtime/beacon/Format.h"
#include "runtime/format/Status.h"

#include <vector>

namespace lobit::beacon {

struct Moments {
  uint32_t dim = 0;
  double weight = 0; ///< W, the number of rows
  std::vector<double> mu;
  SigmaKind kind = SigmaKind::None;
  std::vector<double> sigma; ///< sigmaCount(kind, dim) entries

  /// Of the true diagonal; NaN when Sigma is not known.
  double trace() const;
  double diagonal(uint32_t i) const;
};

/// Rows of numbers, T is float or double. They may lie in a ring of `capacity` rows, of
/// which row `start` is the first one.
template <typename T> struct Rows {
  const T *data = nullptr;
  uint64_t count = 0;
  uint32_t dim = 0;
  uint64_t capacity = 0, start = 0;

  Rows() = default;
  Rows(const T *data, uint64_t count, uint32_t dim) : Rows(data, count, dim, count, 0) {}
  Rows(const T *data, uint64_t count, uint32_t dim, uint64_t capacity, uint64_t start)
      : data(data), count(count), dim(dim), capacity(capacity), start(start) {}

  const T *row(uint64_t i) const {
    const uint64_t place = start + i;
    return data + (place < capacity ? place : place - capacity) * dim;
  }
  Rows slice(uint64_t begin, uint64_t end) const {
    const uint64_t place = start + begin;
    return Rows(data, end - begin, dim, capacity, place < capacity ? place : place - capacity);
  }
};

/// Means of the first floor(N / 2) rows and of the rest; empty for fewer than two rows.
struct Halves {
  std::vector<double> first, second;
};

/// `kind` is None, Diagonal or Packed; `halves` may be null. No rows: INVALID_ARGUMENT. A
/// number that is not finite: NONFINITE naming its row and column.
template <typename T>
Result<Moments> momentsOf(const Rows<T> &rows, SigmaKind kind, Halves *halves = nullptr);

/// MISMATCH unless dimension and kind agree; kinds are those of momentsOf.
Result<Moments> merge(const Moments &a, const Moments &b);

/// Distance and direction between two means.
struct MeanShift {
  double norm = 0;   ///< ||b - a||
  double cosine = 1; ///< both zero: 1, one zero: 0
};
MeanShift meanShift(const std::vector<double> &a, const std::vector<double> &b);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_STATISTICS_H
