/// \file
/// What the tests of weights share.
#ifndef LOBIT_TEST_DIALECTS_LOBIT_WEIGHTS_WEIGHTTESTING_H
#define LOBIT_TEST_DIALECTS_LOBIT_WEIGHTS_WEIGHTTESTING_H

#include "dialects/Lobit/Weights/FloatTensor.h"
#include "dialects/Lobit/Weights/QuantizationError.h"
#include "dialects/Lobit/Weights/Ternary.h"

#include <cmath>
#include <random>

namespace lobit {

/// f32 values with a shape, as a tensor that is known to be finite.
inline FloatTensor tensorOf(const std::vector<float> &values, int64_t rows, int64_t columns) {
  TensorData data;
  auto owner = std::make_shared<std::vector<float>>(values);
  data.shape = {rows, columns};
  data.bytes = reinterpret_cast<const uint8_t *>(owner->data());
  data.size = owner->size() * 4;
  data.keepAlive = owner;
  return *FloatTensor::create("w", data, rows, columns);
}

/// Uniform in (0, 1), the same on every standard library.
inline double uniform(std::mt19937_64 &random) { return (double(random() >> 11) + 0.5) * 0x1p-53; }

inline std::vector<float> gaussian(int64_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(static_cast<size_t>(size));
  for (float &value : values)
    value = float(std::sqrt(-2 * std::log(uniform(random))) *
                  std::cos(6.283185307179586 * uniform(random)));
  return values;
}

inline ScaleGrid tensorGrid(int64_t rows, int64_t columns) {
  return {rows, columns, Granularity::Tensor, 0};
}
inline ScaleGrid rowGrid(int64_t rows, int64_t columns) {
  return {rows, columns, Granularity::Row, 0};
}
inline ScaleGrid groupGrid(int64_t rows, int64_t columns, int64_t size) {
  return {rows, columns, Granularity::Group, size};
}

inline double relativeMse(const FloatTensor &weight, TernaryMethod method, const ScaleGrid &grid,
                          ScaleType type = ScaleType::F32) {
  auto coded = quantizeTernary(weight, method, grid, type, 1);
  return measureError(weight, *coded, grid, 1).relativeMse();
}

} // namespace lobit

#endif // LOBIT_TEST_DIALECTS_LOBIT_WEIGHTS_WEIGHTTESTING_H
