/// \file
/// Makes what layers read a result of the entry function, so that it can be measured.
#ifndef LOBIT_PASSES_QUANTIZE_CAPTUREINPUTS_H
#define LOBIT_PASSES_QUANTIZE_CAPTUREINPUTS_H

#include "passes/Quantize/Layers.h"

namespace lobit {

/// What the layer multiplies with its weight: the inputs of lobit.linear and lm.head;
/// nothing for an embedding.
std::vector<mlir::Value> multipliedInputs(const Layer &layer);

/// Adds `values` to the results of `entry`, through all calls between. Returns for each
/// value the numbers of the results that are it: one for each way by which its function is
/// called; none when it is not called at all. Values are distinct.
std::vector<std::vector<unsigned>> captureValues(mlir::ModuleOp module, mlir::Operation *entry,
                                                 llvm::ArrayRef<mlir::Value> values);

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_CAPTUREINPUTS_H
