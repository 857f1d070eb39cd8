#include "tools/quant-compile/Diagnostics.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace lobit {

Diagnostics::Diagnostics(MLIRContext *context)
    : handler_(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return success();
        llvm::raw_string_ostream stream(errors_);
        if (!errors_.empty())
          stream << "; ";
        if (!isa<UnknownLoc>(diagnostic.getLocation()))
          stream << diagnostic.getLocation() << ": ";
        stream << diagnostic;
        return success();
      }) {}

Status Diagnostics::status(StatusCode code, const std::string &stage) const {
  return Status(code, stage + ": " + (errors_.empty() ? "failed without a reason" : errors_));
}

} // namespace lobit
