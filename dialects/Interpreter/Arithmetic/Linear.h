/// \file
/// The linear layer in the arithmetic of each scheme (docs/quantization.md 4 and 6,
/// docs/numerics.md).
#ifndef LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_LINEAR_H
#define LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_LINEAR_H

#include "runtime/format/Tables.h"

#include <cstdint>

namespace lobit::reference {

/// A weight matrix [rows, columns] in logical form.
struct Matrix {
  int64_t rows = 0;
  int64_t columns = 0;
  /// Exactly one is set: kept values widened to f32, or codes with scales.
  const float *kept = nullptr;
  const int8_t *codes = nullptr;
  /// One of the tensor, [rows], or [rows][groups], widened to f32.
  const float *scales = nullptr;
  Granularity granularity = Granularity::None;
  /// Columns that share a scale; the last group of a row may be shorter.
  int64_t groupSize = 0;
};

/// sum of q[k] * codes[k], exact.
int32_t dotCodes(const int8_t *q, const int8_t *codes, int64_t n);

/// y = W q * scale of one output row: the dots and their scaling, without bias.
float scaledDot(const Matrix &weight, int64_t row, const int8_t *q, float scale);

/// y [rows] = W x + bias for one token; `bias` may be null. Returns false when the
/// activations are to be quantized and one is NaN or infinite.
[[nodiscard]] bool linear(const Matrix &weight, const float *bias, const float *x, float *y);

/// out [columns] = row `row` of the weight in f32 (the embedding of a token).
void dequantizeRow(const Matrix &weight, int64_t row, float *out);

} // namespace lobit::reference

#endif // LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_LINEAR_H
