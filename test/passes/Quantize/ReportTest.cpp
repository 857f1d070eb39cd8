#include "passes/Quantize/Report.h"

#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace lobit;

static QuantizeReport smallReport() {
  QuantizeReport report;
  report.quantize = "auto";
  report.nonFinite = "error";
  report.layerRules = {"x=keep"};
  LayerReport tied;
  tied.names = {"model.embed_tokens", "lm_head"};
  tied.tensor = "model.embed_tokens.weight";
  tied.rows = 4, tied.columns = 64;
  tied.scheme = Scheme::Int8;
  tied.method = "absmax";
  tied.granularity = Granularity::Row;
  tied.scaleType = ScaleType::F32;
  tied.layout = Layout::I8Dot;
  tied.bytes = 4 * 64 + 16;
  tied.error = QuantizationError{256, 64, 100, 99, 99, 1, 0.5};
  tied.reason = "embedding and head";
  LayerReport kept;
  kept.names = {"x"};
  kept.rows = 2, kept.columns = 8;
  kept.scheme = Scheme::BF16;
  kept.bytes = 32;
  kept.reason = "rule x=keep";
  LayerReport stored;
  stored.names = {"q_proj"};
  stored.tensor = "q_proj.weight";
  stored.rows = 4, stored.columns = 256;
  stored.scheme = Scheme::Ternary;
  stored.granularity = Granularity::Tensor;
  stored.scaleType = ScaleType::F32;
  stored.layout = Layout::T2Dot;
  stored.bytes = 256 + 4;
  stored.error = QuantizationError{1024, 512, 0, 0, 0, 0, 0};
  stored.reason = "stored as codes";
  report.layers = {tied, kept, stored};
  report.kept.push_back({"norms are never quantized", {"n"}, 8, 32});
  return report;
}

TEST(Report, Table) {
  EXPECT_EQ(
      reportTable(smallReport()),
      "layer                         shape  scheme              bits/weight   zeros  pruned   "
      "rel. MSE  SQNR dB    cosine  why\n"
      "model.embed_tokens + lm_head  4x64   int8:row:f32             8.5000  0.2500  0.0050  "
      "1.000e-02    20.00  0.994987  embedding and head\n"
      "x                             2x8    bf16                    16.0000       -       -  "
      "        -        -         -  rule x=keep\n"
      "q_proj                        4x256  ternary:tensor:f32       2.0312  0.5000  0.0000  "
      "0.000e+00    exact  1.000000  stored as codes\n"
      "kept: 1 tensors, 32 bytes: norms are never quantized\n"
      "total: 1296 weights in 3 layers, 564 bytes, 3.4815 bits/weight, relative MSE 1.000e-02; "
      "with all kept tensors 596 bytes\n");
  EXPECT_EQ(reportTable(QuantizeReport()),
            "layer  shape  scheme  bits/weight  zeros  pruned  rel. MSE  SQNR dB  cosine  why\n");
}

static QuantizeReport calibratedReport() {
  QuantizeReport report = smallReport();
  report.layers.resize(2);
  report.layers[0].output = OutputError{4, 1};
  report.calibration = CalibrationReport{100, "00ff", std::log(8.0), std::log(10.0)};
  report.gate = 0.025;
  return report;
}

TEST(Report, TableWithCalibration) {
  const std::string table = reportTable(calibratedReport());
  EXPECT_NE(table.find("cosine  rel. output  why\n"), std::string::npos) << table;
  EXPECT_NE(table.find("0.994987    2.500e-01  embedding and head\n"), std::string::npos) << table;
  EXPECT_NE(table.find("       -            -  rule x=keep\n"), std::string::npos) << table;
  EXPECT_NE(table.find("calibration: 100 tokens, perplexity 8.0000 as imported, 10.0000 quantized "
                       "(+25.00 %)\n"),
            std::string::npos)
      << table;
}

TEST(Report, Json) {
  nlohmann::json json = nlohmann::json::parse(reportJson(smallReport()));
  EXPECT_EQ(json["report"], "lobit-quantize");
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["layerRules"][0], "x=keep");
  const nlohmann::json &tied = json["layers"][0];
  EXPECT_EQ(tied["names"].size(), 2u);
  EXPECT_EQ(tied["shape"], nlohmann::json({4, 64}));
  EXPECT_EQ(tied["scheme"], "int8");
  EXPECT_EQ(tied["granularity"], "row");
  EXPECT_EQ(tied["layout"], "i8_dot");
  EXPECT_EQ(tied["bitsPerWeight"], 8.5);
  EXPECT_EQ(tied["zeroFraction"], 0.25);
  EXPECT_EQ(tied["relativeMse"], 0.01);
  EXPECT_EQ(tied["sqnrDb"], 20.0);
  EXPECT_TRUE(json["layers"][1]["tensor"].is_null());
  EXPECT_FALSE(json["layers"][1].contains("method"));
  EXPECT_TRUE(json["layers"][2]["sqnrDb"].is_null());
  EXPECT_EQ(json["kept"][0]["tensors"][0], "n");
  EXPECT_EQ(json["totals"]["bytes"], 564);
  EXPECT_EQ(json["totals"]["keptBytes"], 32);
  EXPECT_EQ(tied["prunedEnergy"], 0.005);
  EXPECT_FALSE(tied.contains("relativeOutputError"));
  EXPECT_FALSE(json.contains("calibration"));
  EXPECT_FALSE(json.contains("gate"));
}

TEST(Report, JsonWithCalibration) {
  nlohmann::json json = nlohmann::json::parse(reportJson(calibratedReport()));
  EXPECT_EQ(json["layers"][0]["relativeOutputError"], 0.25);
  EXPECT_FALSE(json["layers"][1].contains("relativeOutputError"));
  EXPECT_EQ(json["calibration"]["tokens"], 100);
  EXPECT_EQ(json["calibration"]["digest"], "00ff");
  EXPECT_NEAR(json["calibration"]["importedPerplexity"], 8, 1e-12);
  EXPECT_NEAR(json["calibration"]["perplexity"], 10, 1e-12);
  EXPECT_NEAR(json["calibration"]["relativeChange"], 0.25, 1e-12);
  EXPECT_EQ(json["gate"], 0.025);
}
