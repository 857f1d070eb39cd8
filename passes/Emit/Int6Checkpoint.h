/// \file
/// A checkpoint whose int6 layers have the form of docs/quantization.md, "Exchange".
#ifndef LOBIT_PASSES_EMIT_INT6CHECKPOINT_H
#define LOBIT_PASSES_EMIT_INT6CHECKPOINT_H

#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/format/ArtifactWriter.h"

#include <functional>

namespace lobit {

/// A tensor of the original checkpoint.
struct OriginalTensor {
  std::string name;
  std::string type; ///< "F32" and so on
  uint64_t elementBytes = 0;
  std::vector<uint64_t> shape;
  const uint8_t *bytes = nullptr;
  uint64_t size = 0;
};

/// Called before each layer that is evaluated.
using ExportProgress = std::function<void(size_t done, size_t total, const std::string &name)>;

/// Writes a safetensors file with packed_weight, metadata and scales of each int6 weight of
/// the quantized, not yet packed `module`, one evaluated at a time, and all of `original`
/// that these do not replace. INVALID_ARGUMENT: no weight is int6, or one is inline.
Status writeInt6Checkpoint(ByteSink &sink, mlir::ModuleOp module, TensorSource *source,
                           const std::vector<OriginalTensor> &original,
                           const EvaluateOptions &options, const ExportProgress &progress);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_INT6CHECKPOINT_H
