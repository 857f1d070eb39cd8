#include "passes/Quantize/Report.h"

#include "nlohmann/json.hpp"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;
using namespace lobit;
using Json = nlohmann::ordered_json;

double LayerReport::bitsPerWeight() const { return 8.0 * double(bytes) / double(rows * columns); }

std::optional<double> LayerReport::gatedError() const {
  if (output)
    return output->relative();
  if (error)
    return error->relativeMse();
  return std::nullopt;
}

double CalibrationReport::importedPerplexity() const { return std::exp(importedLoss); }
double CalibrationReport::perplexity() const { return std::exp(loss); }
double CalibrationReport::relativeChange() const { return std::expm1(loss - importedLoss); }

static std::string granularityText(const LayerReport &layer) {
  switch (layer.granularity) {
  case Granularity::None:
    return "";
  case Granularity::Tensor:
    return "tensor";
  case Granularity::Row:
    return "row";
  case Granularity::Group:
    break;
  }
  return "group=" + std::to_string(layer.groupSize);
}

// "ternary:optimal:group=256:f32"; the spelling of the flags.
static std::string schemeText(const LayerReport &layer) {
  std::string text = schemeWord(layer.scheme);
  if (layer.granularity == Granularity::None)
    return text;
  if (!layer.method.empty() && layer.scheme != Scheme::Int8 && layer.scheme != Scheme::Int4)
    text += ":" + layer.method;
  if (layer.scheme == Scheme::Int6)
    return text;
  return text + ":" + granularityText(layer) + ":" + scaleTypeWord(layer.scaleType);
}

static std::string number(const char *format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

namespace {
struct Totals {
  int64_t weights = 0, bytes = 0, keptWeights = 0, keptBytes = 0;
  QuantizationError error;
};
} // namespace

static Totals totalsOf(const QuantizeReport &report) {
  Totals totals;
  for (const LayerReport &layer : report.layers) {
    totals.weights += layer.rows * layer.columns;
    totals.bytes += layer.bytes;
    if (layer.error)
      totals.error.add(*layer.error);
  }
  for (const KeptReport &kept : report.kept) {
    totals.keptWeights += kept.weights;
    totals.keptBytes += kept.bytes;
  }
  return totals;
}

static std::vector<std::string> tableRow(const LayerReport &layer, bool calibrated) {
  std::vector<std::string> row = {join(layer.names, " + "),
                                  std::to_string(layer.rows) + "x" + std::to_string(layer.columns),
                                  schemeText(layer), number("%.4f", layer.bitsPerWeight())};
  if (layer.error) {
    double decibel = layer.error->sqnrDecibel();
    row.push_back(number("%.4f", layer.error->zeroFraction()));
    row.push_back(number("%.4f", layer.error->prunedEnergy()));
    row.push_back(number("%.3e", layer.error->relativeMse()));
    row.push_back(std::isinf(decibel) ? "exact" : number("%.2f", decibel));
    row.push_back(number("%.6f", layer.error->cosine()));
  } else {
    row.insert(row.end(), 5, layer.granularity == Granularity::None ? "-" : "?");
  }
  if (calibrated)
    row.push_back(layer.output ? number("%.3e", layer.output->relative()) : "-");
  row.push_back(layer.reason);
  return row;
}

static std::string calibrationText(const CalibrationReport &calibration) {
  return formatv("calibration: {0} tokens, perplexity {1} as imported, {2} quantized ({3} %)\n",
                 calibration.tokens, number("%.4f", calibration.importedPerplexity()),
                 number("%.4f", calibration.perplexity()),
                 number("%+.2f", 100 * calibration.relativeChange()))
      .str();
}

std::string lobit::reportTable(const QuantizeReport &report) {
  const bool calibrated = report.calibration.has_value();
  std::vector<std::vector<std::string>> rows = {{"layer", "shape", "scheme", "bits/weight", "zeros",
                                                 "pruned", "rel. MSE", "SQNR dB", "cosine"}};
  if (calibrated)
    rows[0].push_back("rel. output");
  rows[0].push_back("why");
  for (const LayerReport &layer : report.layers)
    rows.push_back(tableRow(layer, calibrated));
  std::vector<size_t> widths(rows[0].size());
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const std::vector<std::string> &row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      std::string padding(widths[i] - row[i].size(), ' ');
      bool isNumber = i >= 3 && i + 1 < row.size();
      text += isNumber ? padding + row[i] : row[i] + (i + 1 < row.size() ? padding : "");
      text += i + 1 < row.size() ? "  " : "\n";
    }
  }
  for (const KeptReport &kept : report.kept)
    text +=
        formatv("kept: {0} tensors, {1} bytes: {2}\n", kept.tensors.size(), kept.bytes, kept.reason)
            .str();
  Totals totals = totalsOf(report);
  if (totals.weights != 0)
    text += formatv("total: {0} weights in {1} layers, {2} bytes, {3} bits/weight, "
                    "relative MSE {4}; with all kept tensors {5} bytes\n",
                    totals.weights, report.layers.size(), totals.bytes,
                    number("%.4f", 8.0 * double(totals.bytes) / double(totals.weights)),
                    number("%.3e", totals.error.relativeMse()), totals.bytes + totals.keptBytes)
                .str();
  if (report.calibration)
    text += calibrationText(*report.calibration);
  return text;
}

static Json errorJson(const QuantizationError &error) {
  Json json;
  double decibel = error.sqnrDecibel();
  json["zeroFraction"] = error.zeroFraction();
  json["prunedEnergy"] = error.prunedEnergy();
  json["relativeMse"] = error.relativeMse();
  json["sqnrDb"] = std::isinf(decibel) ? Json() : Json(decibel);
  json["cosine"] = error.cosine();
  return json;
}

static Json layerJson(const LayerReport &layer) {
  Json json;
  json["names"] = layer.names;
  json["tensor"] = layer.tensor.empty() ? Json() : Json(layer.tensor);
  json["shape"] = {layer.rows, layer.columns};
  json["scheme"] = schemeWord(layer.scheme);
  if (layer.granularity != Granularity::None) {
    json["method"] = layer.method.empty() ? Json() : Json(layer.method);
    json["granularity"] = granularityText(layer);
    json["scaleType"] = scaleTypeWord(layer.scaleType);
  }
  json["layout"] = findLayout(layer.layout)->word;
  json["bytes"] = layer.bytes;
  json["bitsPerWeight"] = layer.bitsPerWeight();
  if (layer.error)
    json.update(errorJson(*layer.error));
  if (layer.output)
    json["relativeOutputError"] = layer.output->relative();
  json["nonFinite"] = layer.nonFinite;
  json["reason"] = layer.reason;
  return json;
}

std::string lobit::reportJson(const QuantizeReport &report) {
  Totals totals = totalsOf(report);
  Json json;
  json["report"] = "lobit-quantize";
  json["version"] = 1;
  json["quantize"] = report.quantize;
  json["layerRules"] = report.layerRules;
  json["nonFinite"] = report.nonFinite;
  json["layers"] = Json::array();
  for (const LayerReport &layer : report.layers)
    json["layers"].push_back(layerJson(layer));
  json["kept"] = Json::array();
  for (const KeptReport &kept : report.kept)
    json["kept"].push_back({{"reason", kept.reason},
                            {"weights", kept.weights},
                            {"bytes", kept.bytes},
                            {"tensors", kept.tensors}});
  Json total = {{"weights", totals.weights},
                {"bytes", totals.bytes},
                {"keptWeights", totals.keptWeights},
                {"keptBytes", totals.keptBytes}};
  if (totals.weights != 0)
    total["bitsPerWeight"] = 8.0 * double(totals.bytes) / double(totals.weights);
  total["relativeMse"] = totals.error.relativeMse();
  json["totals"] = total;
  if (report.calibration)
    json["calibration"] = {{"tokens", report.calibration->tokens},
                           {"digest", report.calibration->digest},
                           {"importedPerplexity", report.calibration->importedPerplexity()},
                           {"perplexity", report.calibration->perplexity()},
                           {"relativeChange", report.calibration->relativeChange()}};
  if (report.gate)
    json["gate"] = *report.gate;
  // Names come from model files: what is not UTF-8 is replaced.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}
