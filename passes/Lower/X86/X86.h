/// \file
/// Lowering of the integer ukernel ops to x86.
#ifndef LOBIT_PASSES_LOWER_X86_X86_H
#define LOBIT_PASSES_LOWER_X86_X86_H

#include "runtime/format/Tables.h"

#include "mlir/IR/PatternMatch.h"

namespace lobit {

/// table_lookup, dot_i8, dot_i8_pairs and widen_add of any multiple of 16 bytes, with the
/// widest instructions that `isa` has.
void populateX86Patterns(mlir::RewritePatternSet &patterns, const IsaInfo &isa);

/// Error at the first llvm.call_intrinsic of an x86 intrinsic that `isa` lacks or that is
/// not in Intrinsics.inc.
mlir::LogicalResult verifyX86Intrinsics(mlir::Operation *root, const IsaInfo &isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_X86_X86_H
