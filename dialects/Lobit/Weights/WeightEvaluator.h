/// \file
/// The value of a chain lobit.weight -> lobit.quantize -> lobit.pack.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTEVALUATOR_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTEVALUATOR_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "mlir/IR/Value.h"
#include "runtime/format/Tables.h"

#include <map>
#include <optional>
#include <tuple>

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

/// Packed weights that were made already, as far as they fit into `budget` bytes. What is
/// not here is evaluated again, with the same result.
class PackedWeights {
public:
  explicit PackedWeights(uint64_t budget) : budget_(budget) {}

  /// The chain lobit.weight `name`, lobit.quantize by `method`, lobit.pack to `type`.
  void put(llvm::StringRef name, llvm::StringRef method, mlir::Type type, EvaluatedWeight weight);
  /// Hands it out and forgets it.
  std::optional<EvaluatedWeight> take(llvm::StringRef name, llvm::StringRef method,
                                      mlir::Type type);

private:
  using Key = std::tuple<std::string, std::string, const void *>;
  uint64_t budget_, size_ = 0;
  std::map<Key, EvaluatedWeight> weights_;
};

struct EvaluateOptions {
  /// Threads that share the rows of a tensor. The result does not depend on it.
  unsigned threads = 1;
  /// Looked into first, may be null.
  PackedWeights *packed = nullptr;
};

/// Evaluates `value`, which has !lobit.weight type and is made by a chain of
/// lobit.weight, lobit.quantize and lobit.pack. `source` may be null when the
/// weight is inline.
Result<EvaluatedWeight> evaluateWeight(mlir::Value value, TensorSource *source,
                                       const EvaluateOptions &options = {});

/// The scales as they are stored: little-endian f32 or f16.
std::vector<uint8_t> encodeScales(const EvaluatedWeight &weight, ScaleType type);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTEVALUATOR_H
