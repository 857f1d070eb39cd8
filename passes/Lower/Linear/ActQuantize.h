/// \file
/// The body of the act_quantize kernel.
#ifndef LOBIT_PASSES_LOWER_LINEAR_ACTQUANTIZE_H
#define LOBIT_PASSES_LOWER_LINEAR_ACTQUANTIZE_H

#include "passes/Lower/Linear/LinearBuilder.h"

namespace lobit {

struct ActQuantizeArguments {
  mlir::Value x;
  Values buffers;
  mlir::Value from; ///< row of x
  mlir::Value row;  ///< of the buffers
  mlir::Value frame;
};

void buildActQuantizeKernel(LinearBuilder &b, const ActShape &shape,
                            const ActQuantizeArguments &args);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_LINEAR_ACTQUANTIZE_H
