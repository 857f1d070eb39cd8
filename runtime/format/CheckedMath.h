/// \file
/// Overflow-checked u64 arithmetic for every size that comes from a file.
#ifndef LOBIT_FORMAT_CHECKED_MATH_H
#define LOBIT_FORMAT_CHECKED_MATH_H

#include <cstdint>

namespace lobit {

/// Each function returns false on overflow and leaves `result` unspecified.
[[nodiscard]] inline bool checkedAdd(uint64_t a, uint64_t b, uint64_t &result) {
  return !__builtin_add_overflow(a, b, &result);
}
[[nodiscard]] inline bool checkedMul(uint64_t a, uint64_t b, uint64_t &result) {
  return !__builtin_mul_overflow(a, b, &result);
}
/// `alignment` must be a power of two.
[[nodiscard]] inline bool checkedAlignUp(uint64_t value, uint64_t alignment, uint64_t &result) {
  if (!checkedAdd(value, alignment - 1, result))
    return false;
  result &= ~(alignment - 1);
  return true;
}
/// To any multiple.
[[nodiscard]] inline bool checkedRoundUp(uint64_t value, uint64_t multiple, uint64_t &result) {
  return checkedAdd(value, multiple - 1, result) && checkedMul(result / multiple, multiple, result);
}
/// Whether [offset, offset + size) lies inside [0, total).
[[nodiscard]] inline bool rangeInside(uint64_t offset, uint64_t size, uint64_t total) {
  return offset <= total && size <= total - offset;
}

/// Rounds up a value known to be far from overflow (dimensions are <= 2^40).
constexpr uint64_t roundUp(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
constexpr uint64_t ceilDiv(uint64_t value, uint64_t divisor) {
  return (value + divisor - 1) / divisor;
}

} // namespace lobit

#endif // LOBIT_FORMAT_CHECKED_MATH_H
