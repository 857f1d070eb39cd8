/// \file
/// MLIR's errors as one Status.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_DIAGNOSTICS_H
#define LOBIT_TOOLS_QUANT_COMPILE_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "runtime/format/Status.h"

namespace lobit {

/// Collects the errors of a context while it lives.
class Diagnostics {
public:
  explicit Diagnostics(mlir::MLIRContext *context);
  /// `stage: ` and the errors so far.
  Status status(StatusCode code, const std::string &stage) const;

private:
  std::string errors_;
  mlir::ScopedDiagnosticHandler handler_;
};

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_DIAGNOSTICS_H
