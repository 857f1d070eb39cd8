/// \file
/// What the artifact says about the model, from the planned module.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_DESCRIBE_H
#define LOBIT_TOOLS_QUANT_COMPILE_DESCRIBE_H

#include "passes/Emit/StoreWeights.h"
#include "tools/quant-compile/Code.h"

namespace lobit {

/// Kind, dimensions, token ids and signature. Memory sizes and linear layers are the
/// code's.
Result<Metadata> describeModel(mlir::ModuleOp planned, const std::vector<TargetCode> &codes);

struct PlannedWeights {
  std::vector<PlacedWeight> weights; ///< in the order of their offsets
  std::vector<TensorInfo> tensors;   ///< the same, then aliases of tied weights
};
PlannedWeights planWeights(mlir::ModuleOp planned);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_DESCRIBE_H
