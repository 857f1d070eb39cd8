/// \file
/// The end-to-end known answer from the interpreter.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_INTERPRETEDANSWER_H
#define LOBIT_TOOLS_QUANT_COMPILE_INTERPRETEDANSWER_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/format/Artifact.h"

namespace lobit {

/// Models with more weights are answered by the baseline code.
constexpr uint64_t kMaxInterpretedWeights = 50'000'000;

/// Fills the digest of `answer`.
Status answerWithInterpreter(mlir::ModuleOp planned, TensorSource *source, const Metadata &metadata,
                             ModelAnswer &answer);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_INTERPRETEDANSWER_H
