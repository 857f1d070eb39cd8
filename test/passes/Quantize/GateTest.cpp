#include "passes/Quantize/Gate.h"

#include <gtest/gtest.h>
#include <limits>

using namespace lobit;

static LayerReport layer(const std::string &name, double weightError) {
  LayerReport report;
  report.names = {name};
  report.error.emplace();
  report.error->weights = 1;
  report.error->errors = weightError;
  return report;
}

static LayerReport layer(const std::string &name, double weightError, double outputError) {
  LayerReport report = layer(name, weightError);
  report.output = OutputError{2, 2 * outputError};
  return report;
}

TEST(Gate, ComparesOutputsElseWeights) {
  QuantizeReport report;
  LayerReport kept;
  kept.names = {"kept"};
  report.layers = {kept, layer("a", 0.5, 0.01), layer("b", 0.02)};
  EXPECT_TRUE(checkGate(report).ok()); // no gate
  report.gate = 0.02;
  EXPECT_TRUE(checkGate(report).ok()); // not above
  report.gate = 0.015;
  Status status = checkGate(report);
  EXPECT_EQ(status.code(), StatusCode::QUALITY_GATE);
  EXPECT_EQ(statusExitCode(status.code()), 7);
  EXPECT_EQ(status.message(),
            "the relative error of 1 of 2 quantized layers is above the gate of 0.015: b 0.02 (of "
            "its weights); quantize them finer with --layer, or raise --gate");
  report.layers = {kept};
  EXPECT_TRUE(checkGate(report).ok()); // nothing was quantized
}

TEST(Gate, NamesTheWorst) {
  QuantizeReport report;
  report.gate = 0;
  for (int i = 1; i <= 7; ++i)
    report.layers.push_back(layer("l" + std::to_string(i), 0, i / 10.0));
  report.layers.push_back(layer("exact", 0, 0));
  report.layers.push_back(layer("nan", 0, std::numeric_limits<double>::quiet_NaN()));
  report.layers.back().output->errors = std::numeric_limits<double>::quiet_NaN();
  const std::string message = checkGate(report).message();
  EXPECT_NE(message.find("8 of 9 quantized layers"), std::string::npos) << message;
  EXPECT_NE(message.find(", ...;"), std::string::npos) << message;
  report.layers.pop_back();
  EXPECT_NE(checkGate(report).message().find(": l7 0.7, l6 0.6, l5 0.5, l4 0.4, l3 0.3, ...;"),
            std::string::npos);
}
