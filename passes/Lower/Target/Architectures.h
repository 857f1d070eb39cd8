/// \file
/// What each architecture adds to the generic lowering.
#ifndef LOBIT_PASSES_LOWER_TARGET_ARCHITECTURES_H
#define LOBIT_PASSES_LOWER_TARGET_ARCHITECTURES_H

#include "runtime/format/Tables.h"

#include "mlir/IR/PatternMatch.h"

namespace lobit {

/// The patterns of the architecture of `isa`, if it has any.
void populateArchitecturePatterns(mlir::RewritePatternSet &patterns, const IsaInfo &isa);

/// Error at the first llvm.call_intrinsic that is in no table of intrinsics
/// (passes/Lower/*/Intrinsics.inc) or that `isa` lacks: it would kill the process inside
/// instruction selection.
mlir::LogicalResult verifyIntrinsics(mlir::Operation *root, const IsaInfo &isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_TARGET_ARCHITECTURES_H
