/// \file
/// The model reads a text: what its layers see, and how well it predicts.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_CALIBRATION_H
#define LOBIT_TOOLS_QUANT_COMPILE_CALIBRATION_H

#include "passes/Import/Import.h"
#include "passes/Quantize/ActivationStatistics.h"
#include "passes/Quantize/Report.h"
#include "tools/quant-compile/HostModel.h"

#include <functional>
#include <map>

namespace lobit {

/// A text as windows of tokens: the model reads each from an empty context, behind the
/// beginning-of-sequence token when there is one, and predicts each token in it once.
struct CalibrationText {
  std::vector<std::vector<uint32_t>> windows;
  uint64_t tokens = 0;  ///< of the text
  uint64_t longest = 0; ///< tokens of the longest window
  std::string digest;   ///< SHA-256 of the tokens, as little-endian 32-bit words
};

class Calibration : public ActivationStatistics {
public:
  struct Options {
    std::string textPath;
    uint64_t maxTokens = 0;
    std::string outputPath; ///< temporary files lie beside it
    unsigned threads = 1;
    std::function<void(size_t done, size_t total)> progress;
  };
  /// `model` is as imported; a copy of its module is kept. UNSUPPORTED: it is no language
  /// model, or has no tokenizer. INVALID_ARGUMENT: the text has no token to predict.
  static Result<std::unique_ptr<Calibration>> create(const ImportedModel &model,
                                                     const Options &options);

  Result<std::shared_ptr<const InputStatistics>> inputsOf(const std::string &layer) override;

  /// How well the model as imported and `quantized` predict the text.
  Result<CalibrationReport> compare(mlir::ModuleOp quantized, TensorSource *source);

private:
  using Results = std::vector<std::vector<float>>;
  Calibration() = default;
  Status measureGroup();
  /// Runs all windows; `use` sees the results of each.
  Status runWindows(HostModel &model, const std::function<void(const Results &, size_t)> &use);
  Result<HostModel> compile(mlir::ModuleOp module, TensorSource *source);

  Options options_;
  CalibrationText text_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  std::shared_ptr<TensorSource> source_;
  std::map<std::string, std::shared_ptr<const InputStatistics>> statistics_;
  std::vector<std::string> order_; ///< names of the layers
  size_t measured_ = 0;            ///< the next one to measure
  std::optional<double> importedLoss_;
};

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_CALIBRATION_H
