/// \file
/// The passes of the pack stage.
#ifndef LOBIT_PASSES_PACK_PASSES_H
#define LOBIT_PASSES_PACK_PASSES_H

#include "mlir/Pass/Pass.h"

namespace lobit {

#define GEN_PASS_DECL
#include "passes/Pack/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Pack/Passes.h.inc"

} // namespace lobit

#endif // LOBIT_PASSES_PACK_PASSES_H
