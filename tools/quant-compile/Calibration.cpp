#include "tools/quant-compile/Calibration.h"
#include "passes/Quantize/CaptureInputs.h"
#include "runtime/format/ByteView.h"
#include "runtime/format/Sha256.h"
#include "runtime/text/Tokenizer.h"
#include "tools/support/Metrics.h"
#include "tools/support/Tool.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>

using namespace mlir;

namespace lobit {
namespace {

/// Tokens of a window, also when the context is longer.
constexpr uint64_t kWindow = 512;
/// Statistics that are made in one reading of the text, in bytes.
constexpr uint64_t kGroupBytes = 1ull << 30;

func::FuncOp entryOf(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(lb::entryAttr))
      return function;
  return nullptr;
}

Result<CalibrationText> readText(const Calibration::Options &options, const Tokenizer &tokenizer,
                                 uint64_t maxContext) {
  Result<std::string> text = readTextFile(options.textPath);
  if (!text.ok())
    return std::move(text).status();
  std::vector<uint32_t> tokens;
  if (Status status = tokenizer.encode(*text, {}, tokens); !status.ok())
    return std::move(status).withContext(options.textPath);
  tokens.resize(std::min<uint64_t>(tokens.size(), options.maxTokens));
  CalibrationText result;
  result.tokens = tokens.size();
  std::vector<uint32_t> begin;
  if (tokenizer.view().addBos() && tokenizer.view().bos())
    begin.push_back(*tokenizer.view().bos());
  const uint64_t room = std::min(maxContext, kWindow) - begin.size();
  for (uint64_t at = 0; at < tokens.size(); at += room) {
    std::vector<uint32_t> window = begin;
    window.insert(window.end(), tokens.begin() + long(at),
                  tokens.begin() + long(std::min<uint64_t>(at + room, tokens.size())));
    if (window.size() < 2)
      continue; // nothing to predict
    result.longest = std::max<uint64_t>(result.longest, window.size());
    result.windows.push_back(std::move(window));
  }
  if (result.windows.empty())
    return Status(StatusCode::INVALID_ARGUMENT,
                  options.textPath + ": there is no token to predict; give a text of some pages");
  Sha256 hash;
  for (uint32_t token : tokens) {
    uint8_t bytes[4];
    storeU32(bytes, token);
    hash.update(bytes, 4);
  }
  result.digest = hexText(hash.finish());
  return result;
}

} // namespace

Result<std::unique_ptr<Calibration>> Calibration::create(const ImportedModel &model,
                                                         const Options &options) {
  ModuleOp module = *model.module;
  auto attributes = module->getAttrOfType<DictionaryAttr>(lb::modelAttr);
  auto context = attributes ? attributes.getAs<IntegerAttr>("max_context") : IntegerAttr();
  if (!context || model.tokenizer.empty())
    return Status(StatusCode::UNSUPPORTED,
                  "--calibration: expected a language model with a tokenizer, found a model "
                  "that reads no text");
  Result<TokenizerView> view = TokenizerView::open(model.tokenizer.data(), model.tokenizer.size());
  if (!view.ok())
    return std::move(view).status();
  Result<CalibrationText> text = readText(options, Tokenizer(*view), uint64_t(context.getInt()));
  if (!text.ok())
    return std::move(text).status();
  Result<std::vector<Layer>> layers = findLayers(module);
  if (!layers.ok())
    return std::move(layers).status();
  std::unique_ptr<Calibration> result(new Calibration);
  result->options_ = options;
  result->text_ = std::move(text).value();
  result->module_ = module.clone();
  result->source_ = model.source;
  for (const Layer &layer : *layers)
    result->order_.push_back(layer.names.front());
  return result;
}

Result<HostModel> Calibration::compile(ModuleOp module, TensorSource *source) {
  HostModel::Options options;
  options.path = options_.outputPath == "-" ? "-" : options_.outputPath + ".calibration";
  options.rows = text_.longest;
  options.threads = options_.threads;
  return HostModel::create(module, source, options);
}

Status Calibration::runWindows(HostModel &model,
                               const std::function<void(const Results &, size_t)> &use) {
  Results results;
  for (size_t i = 0; i < text_.windows.size(); ++i) {
    if (options_.progress)
      options_.progress(i, text_.windows.size());
    if (Status status = model.run(text_.windows[i], results); !status.ok())
      return std::move(status).withContext(options_.textPath);
    use(results, i);
  }
  return Status();
}

namespace {

/// Nats of a text, window by window.
class TextLoss {
public:
  void add(const std::vector<float> &logits, const std::vector<uint32_t> &window) {
    const uint64_t vocab = logits.size() / window.size();
    for (size_t i = 0; i + 1 < window.size(); ++i)
      mean_.add(negativeLogLikelihood(&logits[i * vocab], vocab, window[i + 1]));
  }
  double mean() const { return mean_.mean(); }

private:
  Mean mean_;
};

} // namespace

// Compiles a copy of the model whose entry returns the inputs of the next layers, as many as
// there is room for statistics, and lets it read the text.
Status Calibration::measureGroup() {
  OwningOpRef<ModuleOp> copy = module_->clone();
  Result<std::vector<Layer>> layers = findLayers(*copy);
  if (!layers.ok())
    return std::move(layers).status();
  // Layers that read the same value share its statistics.
  std::vector<Value> values;
  std::vector<std::vector<size_t>> valuesOf(layers->size());
  uint64_t bytes = 0;
  size_t end = measured_;
  for (; end < layers->size(); ++end) {
    for (Value input : multipliedInputs((*layers)[end])) {
      auto it = std::find(values.begin(), values.end(), input);
      valuesOf[end].push_back(size_t(it - values.begin()));
      if (it == values.end()) {
        const auto columns = uint64_t(cast<ShapedType>(input.getType()).getDimSize(1));
        bytes += 8 * columns * columns;
        values.push_back(input);
      }
    }
    // One layer at least, whatever it takes.
    if (bytes > kGroupBytes) {
      end += end == measured_;
      break;
    }
  }
  const std::vector<std::vector<unsigned>> results = captureValues(*copy, entryOf(*copy), values);
  std::map<std::vector<size_t>, std::shared_ptr<InputStatistics>> statistics;
  for (size_t i = measured_; i < end; ++i)
    if (!valuesOf[i].empty())
      statistics.try_emplace(valuesOf[i], std::make_shared<InputStatistics>(
                                              (*layers)[i].chain.weight.getType().getColumns()));
  Result<HostModel> model = compile(*copy, source_.get());
  if (!model.ok())
    return std::move(model).status();
  TextLoss loss;
  Status status = runWindows(*model, [&](const Results &outputs, size_t window) {
    loss.add(outputs[0], text_.windows[window]);
    for (auto &[captured, inputs] : statistics)
      for (size_t value : captured)
        for (unsigned result : results[value])
          inputs->add(outputs[result].data(), int64_t(text_.windows[window].size()),
                      options_.threads);
  });
  if (!status.ok())
    return status;
  importedLoss_ = loss.mean();
  statistics_.clear();
  for (; measured_ < end; ++measured_) {
    auto it = statistics.find(valuesOf[measured_]);
    std::shared_ptr<const InputStatistics> inputs = it == statistics.end() ? nullptr : it->second;
    if (inputs && !inputs->isFinite())
      return Status(StatusCode::NONFINITE, options_.textPath + ": the inputs of layer " +
                                               order_[measured_] +
                                               " are not finite; the model cannot be calibrated");
    statistics_[order_[measured_]] = std::move(inputs);
  }
  return Status();
}

Result<std::shared_ptr<const InputStatistics>> Calibration::inputsOf(const std::string &layer) {
  auto it = statistics_.find(layer);
  if (it == statistics_.end()) {
    // Layers that nobody asked about are passed over.
    measured_ = size_t(std::find(order_.begin(), order_.end(), layer) - order_.begin());
    if (Status status = measureGroup(); !status.ok())
      return status;
    it = statistics_.find(layer);
  }
  if (it == statistics_.end())
    return Status(StatusCode::INTERNAL, "no layer is called " + layer);
  return it->second;
}

Result<CalibrationReport> Calibration::compare(ModuleOp quantized, TensorSource *source) {
  CalibrationReport report;
  report.digest = text_.digest;
  report.tokens = int64_t(text_.tokens);
  auto lossOf = [&](ModuleOp module, TensorSource *tensors) -> Result<double> {
    OwningOpRef<ModuleOp> copy = module.clone();
    Result<HostModel> model = compile(*copy, tensors);
    if (!model.ok())
      return std::move(model).status();
    TextLoss loss;
    Status status = runWindows(*model, [&](const Results &outputs, size_t window) {
      loss.add(outputs[0], text_.windows[window]);
    });
    if (!status.ok())
      return status;
    return loss.mean();
  };
  if (!importedLoss_) {
    Result<double> loss = lossOf(*module_, source_.get());
    if (!loss.ok())
      return std::move(loss).status();
    importedLoss_ = *loss;
  }
  Result<double> loss = lossOf(quantized, source);
  if (!loss.ok())
    return std::move(loss).status();
  report.importedLoss = *importedLoss_;
  report.loss = *loss;
  return report;
}

} // namespace lobit
