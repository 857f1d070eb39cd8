/// \file
/// The passes of the stage import.
#ifndef LOBIT_PASSES_IMPORT_PASSES_H
#define LOBIT_PASSES_IMPORT_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace lobit {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Import/Passes.h.inc"

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_PASSES_H
