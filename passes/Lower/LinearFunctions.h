/// \file
/// One function per distinct linear layer, for the known answers (functions[1..] of
/// runtime/format/CodeAbi.h).
#ifndef LOBIT_PASSES_LOWER_LINEARFUNCTIONS_H
#define LOBIT_PASSES_LOWER_LINEARFUNCTIONS_H

#include "passes/Lower/FunctionLowering.h"

namespace lobit {

/// Attributes of `@lobit_linear_N`: the types of weight and bias.
inline constexpr const char *linearWeightAttr = "lobit.weight";
inline constexpr const char *linearBiasAttr = "lobit.bias";

struct LinearFunction {
  std::string symbol;
  lb::WeightType weight;
  lb::WeightType bias; ///< null without a bias
};

/// The functions in the order of the code table, behind the model's. Valid on the module
/// after convert-lobit-to-ukernel.
std::vector<LinearFunction> linearFunctions(mlir::ModuleOp module);

/// Adds `@lobit_linear_1` ... for shared.linears; returns the bytes of scratch they need.
uint64_t emitLinearFunctions(ModuleLowering &shared);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_LINEARFUNCTIONS_H
