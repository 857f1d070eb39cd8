/// \file
/// Which modules may be given as MLIR.
#ifndef LOBIT_PASSES_IMPORT_LINALGDOOR_H
#define LOBIT_PASSES_IMPORT_LINALGDOOR_H

#include "mlir/IR/BuiltinOps.h"

namespace lobit {

/// Checks that `module` has one public function, on tensors of static shape, with no
/// other ops than those of the lobit dialect and of dialects/Interpreter/AcceptedOps.inc.
/// Emits an error at the first op that breaks a rule.
mlir::LogicalResult checkLinalgModule(mlir::ModuleOp module);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_LINALGDOOR_H
