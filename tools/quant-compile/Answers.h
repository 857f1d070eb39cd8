/// \file
/// The end-to-end known answer.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_ANSWERS_H
#define LOBIT_TOOLS_QUANT_COMPILE_ANSWERS_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/format/Artifact.h"

namespace lobit {

/// Runs the baseline code for this machine in a complete artifact and fills the digest.
Status answerWithBaselineCode(const std::string &artifactPath, const Metadata &metadata,
                              unsigned threads, ModelAnswer &answer);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_ANSWERS_H
