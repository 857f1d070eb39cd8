/// \file
/// What the artifact says about the model, from the planned module.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_DESCRIBE_H
#define LOBIT_TOOLS_QUANT_COMPILE_DESCRIBE_H

#include "passes/Emit/StoreWeights.h"
#include "passes/Quantize/Report.h"
#include "tools/quant-compile/Code.h"

namespace lobit {

/// Kind, dimensions, token ids and signature. Memory sizes and linear layers are the
/// code's.
Result<Metadata> describeModel(mlir::ModuleOp planned, const std::vector<TargetCode> &codes);

/// The question: token ids, or the seed of a function's inputs.
ModelAnswer modelQuestion(const Metadata &metadata);

/// All of that, the weights' records, code and known answers that are not answered yet.
Result<ArtifactContent> describeArtifact(mlir::ModuleOp planned,
                                         const std::vector<TargetCode> &codes,
                                         const QuantizeReport &report,
                                         std::vector<uint8_t> tokenizer);

struct PlannedWeights {
  std::vector<PlacedWeight> weights; ///< in the order of their offsets
  std::vector<TensorInfo> tensors;   ///< the same, then aliases of tied weights
};
PlannedWeights planWeights(mlir::ModuleOp planned);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_DESCRIBE_H
