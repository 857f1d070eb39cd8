/// \file
/// What quantization did to each layer, as a table and as JSON.
#ifndef LOBIT_PASSES_QUANTIZE_REPORT_H
#define LOBIT_PASSES_QUANTIZE_REPORT_H

#include "dialects/Lobit/Weights/OutputError.h"
#include "dialects/Lobit/Weights/QuantizationError.h"
#include "runtime/format/Tables.h"

#include <optional>
#include <string>
#include <vector>

namespace lobit {

/// One weight matrix of linear layers, embedding or head.
struct LayerReport {
  /// The layers that use it; more than one when they are tied.
  std::vector<std::string> names;
  /// Its name in the model file; empty when it is inline.
  std::string tensor;
  int64_t rows = 0, columns = 0;
  Scheme scheme = Scheme::F32;
  /// Empty when nothing was quantized.
  std::string method;
  Granularity granularity = Granularity::None;
  int64_t groupSize = 0;
  ScaleType scaleType = ScaleType::None;
  Layout layout = Layout::RowMajor;
  /// Packed bytes with padding and scales.
  int64_t bytes = 0;
  /// None when the data was not there to be read.
  std::optional<QuantizationError> error;
  /// Of a layer whose floats were quantized, on the inputs of the calibration text.
  std::optional<OutputError> output;
  int64_t nonFinite = 0; ///< weights that were NaN or infinite and were replaced
  /// Why it has this scheme.
  std::string reason;

  double bitsPerWeight() const;
  /// What the quality gate compares: the relative error of the outputs, else of the weights.
  std::optional<double> gatedError() const;
};

/// Weights that are never quantized, by reason.
struct KeptReport {
  std::string reason;
  std::vector<std::string> tensors;
  int64_t weights = 0, bytes = 0;
};

/// How well a language model predicts the calibration text, in nats per token.
struct CalibrationReport {
  int64_t tokens = 0;
  std::string digest; ///< of the tokens
  double importedLoss = 0, loss = 0;

  double importedPerplexity() const;
  double perplexity() const;
  /// perplexity / importedPerplexity - 1.
  double relativeChange() const;
};

struct QuantizeReport {
  std::string quantize;                ///< the scheme of linear layers
  std::vector<std::string> layerRules; ///< "regex=scheme"
  std::string nonFinite;
  std::vector<LayerReport> layers; ///< in the order of first use
  std::vector<KeptReport> kept;
  std::optional<CalibrationReport> calibration;
  std::optional<double> gate; ///< the largest relative error a layer may have
};

/// An aligned table with one line a layer, what was kept, and totals.
std::string reportTable(const QuantizeReport &report);
/// The same as JSON; the schema is in docs/quantization.md.
std::string reportJson(const QuantizeReport &report);

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_REPORT_H
