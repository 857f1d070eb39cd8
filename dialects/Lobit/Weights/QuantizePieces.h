/// \file
/// Quantizing, measuring and packing a matrix a few rows at a time, so that codes never leave the
/// cache.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_QUANTIZEPIECES_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_QUANTIZEPIECES_H

#include "dialects/Lobit/LobitDialect.h"
#include "dialects/Lobit/Weights/QuantizationError.h"

#include "dialects/Lobit/Weights/PackedWeights.h"

#include <optional>

namespace lobit {

struct MeasuredScales {
  std::vector<float> scales; ///< rounded to their stored type
  QuantizationError error;
};

/// What quantizeWeight, measureError and packWeight make of `tensor`, which nobody has looked at,
/// bit by bit. `packed` is the type of the result, `sink` may be null. None, with anything in the
/// sink, when the method has to see more than some rows, when a weight is not finite, or a scale
/// does not fit its type: then those functions know what to do or say.
std::optional<MeasuredScales> quantizePieces(const FloatTensor &tensor, llvm::StringRef method,
                                             lb::WeightType packed, unsigned threads,
                                             const PieceSink &sink);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_QUANTIZEPIECES_H
