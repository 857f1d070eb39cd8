#include "dialects/Interpreter/Arithmetic/Linear.h"

#include "dialects/Interpreter/Arithmetic/Activations.h"
#include "dialects/Interpreter/Arithmetic/Lanes.h"

#include <algorithm>
#include <vector>

namespace lobit::reference {

int32_t dotCodes(const int8_t *q, const int8_t *codes, int64_t n) {
  int32_t dot = 0;
  for (int64_t k = 0; k < n; ++k)
    dot += int32_t(q[k]) * int32_t(codes[k]);
  return dot;
}

static int64_t groupsPerRow(const Matrix &weight) {
  return (weight.columns + weight.groupSize - 1) / weight.groupSize;
}

float scaledDot(const Matrix &weight, int64_t row, const int8_t *q, float scale) {
  const int8_t *codes = weight.codes + row * weight.columns;
  if (weight.granularity != Granularity::Group) {
    float weightScale = weight.scales[weight.granularity == Granularity::Row ? row : 0];
    return float(dotCodes(q, codes, weight.columns)) * (weightScale * scale);
  }
  const float *scales = weight.scales + row * groupsPerRow(weight);
  float sum = 0.0f;
  for (int64_t group = 0; group < groupsPerRow(weight); ++group) {
    int64_t begin = group * weight.groupSize;
    int64_t size = std::min(weight.groupSize, weight.columns - begin);
    sum = sum + scales[group] * float(dotCodes(q + begin, codes + begin, size));
  }
  return scale * sum;
}

bool linear(const Matrix &weight, const float *bias, const float *x, float *y) {
  if (weight.kept) {
    for (int64_t row = 0; row < weight.rows; ++row)
      y[row] = dot(x, weight.kept + row * weight.columns, weight.columns);
  } else {
    std::vector<int8_t> q(weight.columns);
    float scale;
    if (!quantizeActivations(x, weight.columns, q.data(), scale))
      return false;
    for (int64_t row = 0; row < weight.rows; ++row)
      y[row] = scaledDot(weight, row, q.data(), scale);
  }
  if (bias)
    for (int64_t row = 0; row < weight.rows; ++row)
      y[row] = y[row] + bias[row];
  return true;
}

void dequantizeRow(const Matrix &weight, int64_t row, float *out) {
  int64_t first = row * weight.columns;
  for (int64_t column = 0; column < weight.columns; ++column) {
    if (weight.kept) {
      out[column] = weight.kept[first + column];
      continue;
    }
    int64_t scaleIndex = 0;
    if (weight.granularity == Granularity::Row)
      scaleIndex = row;
    else if (weight.granularity == Granularity::Group)
      scaleIndex = row * groupsPerRow(weight) + column / weight.groupSize;
    out[column] = weight.scales[scaleIndex] * float(weight.codes[first + column]);
  }
}

} // namespace lobit::reference
