#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Ternary.h"

using namespace lobit;

std::optional<float> lobit::nativeMagnitude(const float *weights, int64_t size) {
  uint32_t magnitude = 0;
  for (int64_t i = 0; i < size; ++i) {
    uint32_t bits = floatBits(weights[i]) & 0x7fffffffu;
    if (bits == 0 || bits == magnitude)
      continue;
    if (magnitude != 0)
      return std::nullopt;
    magnitude = bits;
  }
  return bitsToFloat(magnitude);
}

void lobit::nativeCodes(const float *weights, int64_t size, int8_t *codes) {
  for (int64_t i = 0; i < size; ++i)
    codes[i] = int8_t((weights[i] > 0) - (weights[i] < 0));
}

std::optional<ScaleGrid> lobit::detectNativeTernary(const FloatTensor &weight) {
  constexpr int64_t shortestRow = 8;
  constexpr int64_t groupSizes[4] = {256, 128, 64, 32};
  int64_t columns = weight.columns();
  bool tensor = true, row = columns >= shortestRow;
  bool group[4] = {row, row, row, row};
  float tensorMagnitude = 0;
  std::vector<float> values(static_cast<size_t>(columns));
  for (int64_t r = 0; r < weight.rows(); ++r) {
    weight.widen(r * columns, columns, values.data());
    std::optional<float> magnitude = nativeMagnitude(values.data(), columns);
    if (!magnitude) {
      tensor = row = false;
      for (int g = 0; g < 4; ++g)
        for (int64_t c = 0; group[g] && c < columns; c += groupSizes[g])
          group[g] =
              nativeMagnitude(values.data() + c, std::min(groupSizes[g], columns - c)).has_value();
    } else if (*magnitude != 0) {
      tensor &= tensorMagnitude == 0 || tensorMagnitude == *magnitude;
      tensorMagnitude = *magnitude;
    }
    if (!tensor && !row && !group[0] && !group[1] && !group[2] && !group[3])
      return std::nullopt;
  }
  ScaleGrid grid{weight.rows(), columns, Granularity::Tensor, 0};
  if (tensor)
    return grid;
  if (row) {
    grid.granularity = Granularity::Row;
    return grid;
  }
  grid.granularity = Granularity::Group;
  for (int g = 0; g < 4; ++g)
    if (group[g]) {
      grid.groupSize = groupSizes[g];
      return grid;
    }
  return std::nullopt;
}
