/// \file
/// lobit-interpret: the interpreter as a pass.
#ifndef LOBIT_DIALECTS_INTERPRETER_PASSES_H
#define LOBIT_DIALECTS_INTERPRETER_PASSES_H

#include "mlir/Pass/Pass.h"

namespace lobit {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dialects/Interpreter/Passes.h.inc"

} // namespace lobit

#endif // LOBIT_DIALECTS_INTERPRETER_PASSES_H
