/// \file
/// Decides the scheme of every layer and inserts the lobit.quantize ops.
#ifndef LOBIT_PASSES_QUANTIZE_QUANTIZEMODULE_H
#define LOBIT_PASSES_QUANTIZE_QUANTIZEMODULE_H

#include "dialects/Lobit/Weights/CodedTensors.h"
#include "dialects/Lobit/Weights/PackedWeights.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Quantize/ActivationStatistics.h"
#include "passes/Quantize/Policy.h"
#include "passes/Quantize/Report.h"

#include <functional>

namespace lobit {

/// Called before each layer: the layers that are done, how many there are, the next name.
using QuantizeProgress = std::function<void(const std::vector<LayerReport> &done, size_t total,
                                            const std::string &name)>;

/// For the methods that look at what a layer reads, and for the output errors of the report;
/// and what is kept for later stages.
struct LayerInputs {
  ActivationStatistics *statistics = nullptr;
  /// Receives the codes that such methods make of weights by name; those weights are stored
  /// as codes from then on, and are to be read from here.
  CodedTensors *coded = nullptr;
  /// Receives the packed weights of the others.
  PackedWeights *packed = nullptr;
};

/// Layers are the weights of lobit.linear, lm.embed and lm.head; equal tensor names
/// are one layer. Their names are the `lobit.name` attributes, else the tensor's name
/// without ".weight", else linear_0, linear_1, ... in the order of the module.
///
/// Tensors are read from `source` one at a time. It may be null: then weights by name
/// are quantized as the policy says without being looked at, and a policy that has to
/// look (auto) is an error. On an error the module may be changed in part.
Result<QuantizeReport> quantizeModule(mlir::ModuleOp module, TensorSource *source,
                                      const QuantizePolicy &policy,
                                      const QuantizeProgress &progress = nullptr,
                                      const LayerInputs &inputs = {});

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_QUANTIZEMODULE_H
