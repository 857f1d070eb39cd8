/// \file
/// The value of a chain lobit.weight -> lobit.quantize -> lobit.pack.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTEVALUATOR_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTEVALUATOR_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "mlir/IR/Value.h"
#include "runtime/format/Tables.h"

#include <vector>

namespace lobit {

/// Exactly one of `codes` and `bytes` is filled.
struct EvaluatedWeight {
  /// Quantized and not packed: the codes row by row, one int8 per weight.
  std::vector<int8_t> codes;
  /// Packed: the bytes of the layout. Kept: the little-endian values.
  std::vector<uint8_t> bytes;
  /// Rounded to the stored scale type, [rows][groups of a row]. Empty for kept
  /// weights.
  std::vector<float> scales;
};

struct EvaluateOptions {
  /// Threads that share the rows of a tensor. The result does not depend on it.
  unsigned threads = 1;
};

/// Evaluates `value`, which has !lobit.weight type and is made by a chain of
/// lobit.weight, lobit.quantize and lobit.pack. `source` may be null when the
/// weight is inline.
Result<EvaluatedWeight> evaluateWeight(mlir::Value value, TensorSource *source,
                                       const EvaluateOptions &options = {});

/// The scales as they are stored: little-endian f32 or f16.
std::vector<uint8_t> encodeScales(const std::vector<float> &scales, ScaleType type);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTEVALUATOR_H
