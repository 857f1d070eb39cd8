#include "passes/Quantize/Gate.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace lobit;

static std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

Status lobit::checkGate(const QuantizeReport &report) {
  if (!report.gate)
    return Status();
  constexpr size_t kNamed = 5;
  std::vector<const LayerReport *> above;
  size_t checked = 0;
  for (const LayerReport &layer : report.layers) {
    std::optional<double> error = layer.gatedError();
    checked += error.has_value();
    // Not a number is above any limit.
    if (error && !(*error <= *report.gate))
      above.push_back(&layer);
  }
  if (above.empty())
    return Status();
  // Of equal ones the first; what is not a number before all numbers.
  std::sort(above.begin(), above.end(), [](const LayerReport *a, const LayerReport *b) {
    auto rank = [](const LayerReport *layer) {
      const double error = *layer->gatedError();
      return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
    };
    return rank(a) != rank(b) ? rank(a) > rank(b) : a < b;
  });
  std::string worst;
  for (size_t i = 0; i < std::min(above.size(), kNamed); ++i)
    worst += (i ? ", " : "") + above[i]->names.front() + " " + number(*above[i]->gatedError()) +
             (above[i]->output ? "" : " (of its weights)");
  if (above.size() > kNamed)
    worst += ", ...";
  return Status(StatusCode::QUALITY_GATE,
                "the relative error of " + std::to_string(above.size()) + " of " +
                    std::to_string(checked) + " quantized layers is above the gate of " +
                    number(*report.gate) + ": " + worst +
                    "; quantize them finer with --layer, or raise --gate");
}
