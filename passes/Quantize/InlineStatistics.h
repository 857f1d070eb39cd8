/// \file
/// What layers read, written beside them: for small modules and tests.
#ifndef LOBIT_PASSES_QUANTIZE_INLINESTATISTICS_H
#define LOBIT_PASSES_QUANTIZE_INLINESTATISTICS_H

#include "passes/Quantize/ActivationStatistics.h"
#include "passes/Quantize/Layers.h"

#include <map>

namespace lobit {

/// The attribute `lobit.inputs` of lobit.linear: rows of its input, dense f32 [n, in].
class InlineStatistics : public ActivationStatistics {
public:
  /// MISMATCH: an attribute that is not of that form.
  static Result<InlineStatistics> read(mlir::ModuleOp module);

  /// MISSING when the layer has no attribute.
  Result<std::shared_ptr<const InputStatistics>> inputsOf(const std::string &layer) override;

  static constexpr const char *attribute = "lobit.inputs";

private:
  std::map<std::string, std::shared_ptr<const InputStatistics>> statistics_;
};

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_INLINESTATISTICS_H
