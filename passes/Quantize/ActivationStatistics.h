/// \file
/// What the layers of a model see when it reads a calibration text. The stage cannot run
/// a model: tools/quant-compile, or attributes of a small module, say it.
#ifndef LOBIT_PASSES_QUANTIZE_ACTIVATIONSTATISTICS_H
#define LOBIT_PASSES_QUANTIZE_ACTIVATIONSTATISTICS_H

#include "dialects/Lobit/Weights/InputStatistics.h"
#include "runtime/format/Status.h"

#include <memory>
#include <string>

namespace lobit {

class ActivationStatistics {
public:
  virtual ~ActivationStatistics() = default;
  /// Of the inputs of a layer, in floats, as the model is before it is quantized. Null when
  /// the layer multiplies nothing: an embedding. quantizeModule asks in the order of the
  /// layers, for each at most once.
  virtual Result<std::shared_ptr<const InputStatistics>> inputsOf(const std::string &layer) = 0;
};

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_ACTIVATIONSTATISTICS_H
