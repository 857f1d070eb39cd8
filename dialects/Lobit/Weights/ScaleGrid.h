/// \file
/// Which weights of a matrix share a scale.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_SCALEGRID_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_SCALEGRID_H

#include "runtime/format/Tables.h"

#include <algorithm>

namespace lobit {

/// Elements and scales are numbered row by row, so the elements of one scale are
/// consecutive. The last group of a row may be shorter.
struct ScaleGrid {
  int64_t rows = 0, columns = 0;
  Granularity granularity = Granularity::Tensor;
  /// Columns per scale; counts only for Granularity::Group.
  int64_t groupSize = 0;

  int64_t groupsPerRow() const {
    return granularity == Granularity::Group ? (columns + groupSize - 1) / groupSize : 1;
  }
  int64_t count() const { return granularity == Granularity::Tensor ? 1 : rows * groupsPerRow(); }
  /// Number of the first element of scale `index`.
  int64_t first(int64_t index) const {
    if (granularity == Granularity::Tensor)
      return 0;
    int64_t perRow = groupsPerRow(), row = index / perRow, group = index % perRow;
    return row * columns + group * (granularity == Granularity::Group ? groupSize : 0);
  }
  int64_t size(int64_t index) const {
    if (granularity == Granularity::Tensor)
      return rows * columns;
    if (granularity == Granularity::Row)
      return columns;
    return std::min(groupSize, columns - index % groupsPerRow() * groupSize);
  }
};

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_SCALEGRID_H
