/// \file
/// Lowering of the integer ukernel ops to NEON.
#ifndef LOBIT_PASSES_LOWER_ARM_ARM_H
#define LOBIT_PASSES_LOWER_ARM_ARM_H

#include "runtime/format/Tables.h"

#include "mlir/IR/PatternMatch.h"

namespace lobit {

/// table_lookup and the dot products on multiples of 16 bytes, with the instructions
/// that `isa` has. What they do not take is left to the generic patterns.
void populateArmPatterns(mlir::RewritePatternSet &patterns, const IsaInfo &isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_ARM_ARM_H
