#include "dialects/Lobit/LobitOps.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "passes/Import/Import.h"
#include "passes/Quantize/QuantizeModule.h"

#include <gtest/gtest.h>
#include <map>

using namespace lobit;

static const std::string models = LOBIT_SOURCE_DIR "/models/";

namespace {
struct Evaluated {
  std::map<std::string, EvaluatedWeight> ternary; // by layer name
  QuantizeReport report;
};
} // namespace

static Evaluated evaluate(const std::string &directory, const char *quantize) {
  Evaluated result;
  mlir::MLIRContext context;
  auto model = importCheckpoint(context, directory, {});
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (!model.ok())
    return result;
  auto policy = parseQuantizePolicy(quantize, {});
  policy->trainedTernary = model->isQat;
  auto report = quantizeModule(*model->module, model->source.get(), *policy);
  EXPECT_TRUE(report.ok()) << report.status().message();
  if (!report.ok())
    return result;
  result.report = std::move(*report);
  model->module->walk([&](lb::LinearOp op) {
    auto type = op.getWeight().getType();
    if (type.getScheme() != Scheme::Ternary)
      return;
    auto weight = evaluateWeight(op.getWeight(), model->source.get());
    EXPECT_TRUE(weight.ok()) << weight.status().message();
    std::string name = op->getAttrOfType<mlir::StringAttr>(lb::nameAttr).getValue().str();
    result.ternary[name] = std::move(*weight);
  });
  return result;
}

// The packed checkpoint was made from the master weights by our rounding rule.
TEST(ShippedModel, MasterWeightsGiveThePackedCodes) {
  Evaluated packed = evaluate(models + "kjv-bitnet", "auto");
  for (const char *quantize : {"ternary:absmean", "auto"}) {
    Evaluated master = evaluate(models + "kjv-bitnet/master", quantize);
    ASSERT_FALSE(packed.ternary.empty());
    ASSERT_EQ(packed.ternary.size(), master.ternary.size());
    size_t equal = 0, total = 0;
    for (auto &[name, weight] : packed.ternary) {
      const EvaluatedWeight &other = master.ternary[name];
      ASSERT_EQ(weight.codes.size(), other.codes.size()) << name;
      for (size_t i = 0; i < weight.codes.size(); ++i)
        equal += weight.codes[i] == other.codes[i];
      total += weight.codes.size();
      // The packed checkpoint stores the scale in bf16.
      EXPECT_NEAR(weight.scales[0] / other.scales[0], 1, 1.0 / 256) << name;
    }
    EXPECT_EQ(equal, total);
  }
}

TEST(ShippedModel, ReportsCoverEveryLayer) {
  Evaluated packed = evaluate(models + "kjv-bitnet", "auto");
  const std::vector<LayerReport> &layers = packed.report.layers;
  ASSERT_EQ(layers.size(), packed.ternary.size() + 1); // and the tied embedding
  for (const LayerReport &layer : layers) {
    if (layer.names[0] == "model.embed_tokens") {
      EXPECT_EQ(layer.names, std::vector<std::string>({"model.embed_tokens", "lm_head"}));
      EXPECT_EQ(layer.scheme, Scheme::Int8);
      continue;
    }
    EXPECT_EQ(layer.reason, "stored as codes");
    EXPECT_GT(layer.error->zeroFraction(), 0.1) << layer.names[0];
    // 640 columns take 3 blocks of 256.
    EXPECT_NEAR(layer.bitsPerWeight(), 2, 0.6);
  }
  Evaluated dense = evaluate(models + "kjv-dense", "auto");
  for (const LayerReport &layer : dense.report.layers) {
    EXPECT_EQ(layer.scheme, Scheme::Int8) << layer.names[0];
    EXPECT_GT(layer.error->sqnrDecibel(), 35) << layer.names[0];
  }
  EXPECT_TRUE(dense.ternary.empty());
}
