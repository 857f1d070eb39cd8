/// \file
/// The weights section: chains of lobit.weight, evaluated one by one and streamed.
#ifndef LOBIT_PASSES_EMIT_STOREWEIGHTS_H
#define LOBIT_PASSES_EMIT_STOREWEIGHTS_H

#include "dialects/Lobit/LobitDialect.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "runtime/format/ArtifactWriter.h"

#include <functional>

namespace lobit {

/// A weight with its place in the section.
struct PlacedWeight {
  std::string name;
  mlir::Value value; ///< its type is packed
  uint64_t offset = 0;
  uint64_t scaleOffset = 0; ///< counts when the type has scales
};

/// The record of a weight.
TensorInfo tensorInfo(const PlacedWeight &weight);

/// Called before each weight.
using StoreProgress = std::function<void(size_t done, size_t total, const std::string &name)>;

/// Evaluates the weights, given in the order of their offsets, one at a time.
Status storeWeights(ArtifactWriter &writer, const std::vector<PlacedWeight> &weights,
                    TensorSource *source, const EvaluateOptions &options,
                    const StoreProgress &progress = nullptr);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_STOREWEIGHTS_H
