/// \file
/// Chooses the layout of ternary weights by measuring on this machine.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_TUNE_H
#define LOBIT_TOOLS_QUANT_COMPILE_TUNE_H

#include "dialects/Lobit/Weights/ExecutionLayout.h"
#include "runtime/format/Status.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace lobit {

/// One form of the kernel on the shape that was measured.
struct TunedForm {
  std::string kernel; ///< a word of --kernel
  std::string layout;
  double microseconds = 0; ///< one token, weights in memory, median
};

struct Tuning {
  int64_t rows = 0, columns = 0;
  std::string isa;
  std::vector<TunedForm> forms; ///< the fastest first
};

/// Measures the forms of a ternary layer of the shape that most weights of the module
/// have, with one thread of `isa`, which this machine must be able to run.
Result<Tuning> tuneKernel(mlir::ModuleOp module, Isa isa);

/// What was measured, for people.
std::string tuningText(const Tuning &tuning);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_TUNE_H
