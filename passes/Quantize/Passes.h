/// \file
/// The passes of the quantize stage.
#ifndef LOBIT_PASSES_QUANTIZE_PASSES_H
#define LOBIT_PASSES_QUANTIZE_PASSES_H

#include "mlir/Pass/Pass.h"

namespace lobit {

#define GEN_PASS_DECL
#include "passes/Quantize/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Quantize/Passes.h.inc"

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_PASSES_H
