/// \file
/// Work that is done before quantizing ends, because its result can be foreseen.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_FORECAST_H
#define LOBIT_TOOLS_QUANT_COMPILE_FORECAST_H

#include "mlir/IR/OwningOpRef.h"
#include "passes/Emit/KeptWeights.h"
#include "passes/Quantize/QuantizeModule.h"
#include "tools/quant-compile/Code.h"

#include <memory>

namespace lobit {

/// What quantizing decides follows from its options alone for most models: not for those that
/// turn out to be ternary already, or to need other scales. So the module is quantized without
/// its weights first, code is generated beside the quantizing of the weights, and once there is
/// code, so that all sections before the weights can be foreseen, too, weights go straight to
/// their places in the file. Whether the forecast was right is known afterwards; nothing that
/// was foreseen goes into an artifact unseen.
class Forecast {
public:
  struct Options {
    std::string kernel; ///< of the pack passes
    std::vector<Isa> isas;
    unsigned processes = 1;
  };
  /// Null when nothing can be foreseen.
  static std::unique_ptr<Forecast> create(mlir::ModuleOp imported, const QuantizePolicy &policy,
                                          const Options &options);

  /// To be called between layers, with the reports of those that are done. Lets `kept` write to
  /// `file` as soon as their places are known.
  void advance(const std::vector<LayerReport> &done, const std::vector<uint8_t> &tokenizer,
               AtomicFile &file, KeptWeights &kept);
  /// The code, when `planned` is the module that was foreseen.
  std::optional<Result<std::vector<TargetCode>>> codeFor(mlir::ModuleOp planned);

private:
  Forecast() = default;
  void makeCode();
  /// The report, numbers of layers that are not done taken from others of their scheme.
  QuantizeReport reportWith(const std::vector<LayerReport> &done) const;

  mlir::OwningOpRef<mlir::ModuleOp> module_;
  QuantizeReport report_;
  std::unique_ptr<CodeGeneration> generation_;
  std::optional<Result<std::vector<TargetCode>>> codes_;
};

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_FORECAST_H
