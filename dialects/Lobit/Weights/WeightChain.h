/// \file
/// The steps by which evaluateWeight evaluates a chain. passes/Quantize uses them to
/// look at data before it decides how to quantize.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTCHAIN_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTCHAIN_H

#include "dialects/Lobit/LobitOps.h"
#include "dialects/Lobit/Weights/InputStatistics.h"
#include "dialects/Lobit/Weights/Ternary.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"

namespace lobit {

/// lobit.weight, then `quantize` and `pack` where they are not null.
struct WeightChain {
  lb::WeightOp weight;
  lb::QuantizeOp quantize;
  lb::PackOp pack;
};

/// INVALID_ARGUMENT when `value` is made by anything else.
Result<WeightChain> findWeightChain(mlir::Value value);

/// The tensor's name, or "inline".
std::string weightName(lb::WeightOp weight);

/// The stored tensor; MISMATCH when shape or element type are not those of the op.
Result<TensorData> loadWeight(lb::WeightOp weight, TensorSource *source);
/// TensorSource::peek in place of load, of a weight with a name.
Result<TensorData> peekWeight(lb::WeightOp weight, TensorSource *source);

ScaleGrid scaleGridOf(lb::WeightType type);

/// The tensor of a kept weight, finite by the policy of its attribute
/// lobit.nonfinite; `replaced` receives the number of replaced elements.
Result<FloatTensor> floatTensorOf(lb::WeightOp weight, const TensorData &data,
                                  int64_t *replaced = nullptr);

/// The codes of a weight that is stored as codes.
Result<CodedWeight> storedCodesOf(lb::WeightOp weight, const TensorData &data);

/// What lobit.quantize does: `type` is its result type. `inputs` are for the methods that
/// look at what the layer reads.
Result<CodedWeight> quantizeWeight(const FloatTensor &tensor, llvm::StringRef method,
                                   lb::WeightType type, unsigned threads,
                                   const InputStatistics *inputs = nullptr);

/// What lobit.pack does.
Result<EvaluatedWeight> packWeight(CodedWeight coded, lb::WeightType type, unsigned threads);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_WEIGHTCHAIN_H
