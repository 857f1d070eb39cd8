/// \file
/// Lowering of dot_i8_panel to the tile registers of AMX.
#ifndef LOBIT_PASSES_LOWER_X86_AMX_H
#define LOBIT_PASSES_LOWER_X86_AMX_H

#include "runtime/format/Tables.h"

#include "mlir/IR/PatternMatch.h"

namespace lobit {

/// Nothing where `isa` has no tiles.
void populateAmxPatterns(mlir::RewritePatternSet &patterns, const IsaInfo &isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_X86_AMX_H
