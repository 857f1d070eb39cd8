/// \file
/// Lowering of the integer ukernel ops to x86.
#ifndef LOBIT_PASSES_LOWER_X86_X86_H
#define LOBIT_PASSES_LOWER_X86_X86_H

#include "runtime/format/Tables.h"

#include "mlir/IR/PatternMatch.h"

namespace lobit {

/// table_lookup, dot_i8, dot_i8_pairs, widen_add, select_pairs and expand_pairs of multiples
/// of 16 bytes, with the widest instructions that `isa` has. What they do not take is left
/// to the generic patterns. dot_i8_panel with tile registers, where there are any.
void populateX86Patterns(mlir::RewritePatternSet &patterns, const IsaInfo &isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_X86_X86_H
