/// \file
/// Sums in 16 lanes and a fixed tree: the one order in which floats are added up
/// (docs/numerics.md, "Lanes").
#ifndef LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_LANES_H
#define LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_LANES_H

#include <cstdint>

namespace lobit::reference {

/// The sum of 16 lanes: lane i is added to lane i + 8, then + 4, + 2, + 1.
float reduceLanes(const float *lanes);
/// sum of a[k] * b[k]: lane j takes k = j, j + 16, ... ascending, then reduceLanes.
float dot(const float *a, const float *b, int64_t n);
/// sum of a[k] in the same order.
float sum(const float *a, int64_t n);

} // namespace lobit::reference

#endif // LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_LANES_H
