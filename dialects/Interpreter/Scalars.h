/// \file
/// arith and math on single numbers.
#ifndef LOBIT_DIALECTS_INTERPRETER_SCALARS_H
#define LOBIT_DIALECTS_INTERPRETER_SCALARS_H

#include "mlir/IR/Operation.h"
#include "runtime/format/Status.h"

#include <optional>

namespace lobit {

/// A float (f32; f16 and bf16 widened) or a sign-extended integer.
struct Scalar {
  float f = 0;
  int64_t i = 0;
};

/// Whether `op` is an elementwise op of arith or math that evaluateScalar knows.
bool isScalarOp(mlir::Operation *op);

/// One element of the result of `op` from one element of each operand. Integers wrap to
/// the width of the result.
Result<Scalar> evaluateScalar(mlir::Operation *op, llvm::ArrayRef<Scalar> operands);

} // namespace lobit

#endif // LOBIT_DIALECTS_INTERPRETER_SCALARS_H
