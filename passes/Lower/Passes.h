/// \file
/// The passes of the stage lower.
#ifndef LOBIT_PASSES_LOWER_PASSES_H
#define LOBIT_PASSES_LOWER_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace lobit {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Lower/Passes.h.inc"

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_PASSES_H
