/// \file
/// The layers of a module, for quantizeModule.
#ifndef LOBIT_PASSES_QUANTIZE_LAYERS_H
#define LOBIT_PASSES_QUANTIZE_LAYERS_H

#include "dialects/Lobit/Weights/WeightChain.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace lobit {

/// One weight matrix and all operands that read it.
struct Layer {
  std::vector<std::string> names;
  bool embedOrHead = false;
  bool router = false;
  /// The chain of the first operand.
  WeightChain chain;
  std::vector<mlir::OpOperand *> operands;

  bool isQuantized() const { return chain.quantize || chain.pack; }
};

/// In the order of first use.
Result<std::vector<Layer>> findLayers(mlir::ModuleOp module);

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_LAYERS_H
