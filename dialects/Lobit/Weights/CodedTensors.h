/// \file
/// The tensors of a model, some of them quantized already.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_CODEDTENSORS_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_CODEDTENSORS_H

#include "dialects/Lobit/Weights/Ternary.h"

#include <map>

namespace lobit {

/// Codes that were made with the activations of a calibration text. Making them again, each
/// time a weight is evaluated, would mean to keep all statistics; the codes are kept instead.
class CodedTensors : public TensorSource {
public:
  explicit CodedTensors(std::shared_ptr<TensorSource> stored) : stored_(std::move(stored)) {}

  /// From now on the tensor `name` is these codes [rows, columns] and scales.
  void put(const std::string &name, CodedWeight coded, int64_t rows, int64_t columns);
  Result<TensorData> load(std::string_view name) override;

private:
  std::shared_ptr<TensorSource> stored_;
  std::map<std::string, TensorData, std::less<>> coded_;
};

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_CODEDTENSORS_H
