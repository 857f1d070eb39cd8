/// \file
/// The linear layer over all tokens of a tensor.
#ifndef LOBIT_DIALECTS_INTERPRETER_LINEARROWS_H
#define LOBIT_DIALECTS_INTERPRETER_LINEARROWS_H

#include "dialects/Interpreter/Evaluation.h"

namespace lobit {

/// weight times rows `first` and later of `x`; `bias` may be null. `op` is named in
/// messages.
Result<TensorValue> evaluateLinearRows(mlir::Operation *op, const TensorValue &x,
                                       const reference::Matrix &weight, const float *bias,
                                       int64_t first);

} // namespace lobit

#endif // LOBIT_DIALECTS_INTERPRETER_LINEARROWS_H
