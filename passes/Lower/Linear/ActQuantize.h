/// \file
/// The body of the act_quantize kernel.
#ifndef LOBIT_PASSES_LOWER_LINEAR_ACTQUANTIZE_H
#define LOBIT_PASSES_LOWER_LINEAR_ACTQUANTIZE_H

#include "passes/Lower/Linear/LinearBuilder.h"

namespace lobit {

struct ActQuantizeArguments {
  mlir::Value x;
  Values buffers;
  mlir::Value first, rows, thread, threads, frame;
};

void buildActQuantizeKernel(LinearBuilder &b, const ActShape &shape,
                            const ActQuantizeArguments &args);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_LINEAR_ACTQUANTIZE_H
