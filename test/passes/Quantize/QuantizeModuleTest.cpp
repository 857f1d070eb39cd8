#include "passes/Quantize/QuantizeModule.h"
#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitOps.h"
#include "dialects/Lobit/Weights/StoredCodes.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "runtime/format/LayoutCodec.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <random>

using namespace lobit;

namespace {

struct MemorySource : TensorSource {
  std::map<std::string, TensorData, std::less<>> tensors;
  std::vector<std::string> loads;

  Result<TensorData> load(std::string_view name) override {
    loads.emplace_back(name);
    auto found = tensors.find(name);
    if (found == tensors.end())
      return Status(StatusCode::MISSING, "no tensor '" + std::string(name) + "'");
    return found->second;
  }

  void add(const std::string &name, std::vector<int64_t> shape, const std::vector<float> &values) {
    TensorData data;
    auto owner = std::make_shared<std::vector<float>>(values);
    data.shape = std::move(shape);
    data.bytes = reinterpret_cast<const uint8_t *>(owner->data());
    data.size = owner->size() * 4;
    data.keepAlive = owner;
    tensors[name] = data;
  }

  void addPacked(const std::string &name, std::vector<int64_t> shape,
                 const std::vector<int8_t> &codes, float scale) {
    TensorData data;
    auto owner =
        std::make_shared<std::vector<uint8_t>>(packHfTernary(codes.data(), shape[0], shape[1]));
    data.type = ElementType::HfPackedTernary;
    data.shape = std::move(shape);
    data.bytes = owner->data();
    data.size = owner->size();
    data.scales = {scale};
    data.keepAlive = owner;
    tensors[name] = data;
  }
};

std::vector<float> ordinary(size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(size);
  for (float &value : values)
    value = float(double(random() >> 11) * 0x1p-53 - 0.5);
  return values;
}

// Embedding tied with the head, a dense layer, one that is ternary already with a
// scale for each row, one stored as codes, a router, a norm.
const char *moduleText = R"(
func.func @forward(%tokens: tensor<?xi32>, %first: index) -> tensor<?x16xf32> {
  %e = lobit.weight "embed.weight" : !lobit.weight<16x8xf32>
  %x = lm.embed %tokens, %e {lobit.name = "embed"} : tensor<?xi32>, !lobit.weight<16x8xf32> -> tensor<?x8xf32>
  %n = lobit.weight "norm.weight" : !lobit.weight<8xf32>
  %y = lm.rms_norm %x, %n eps 1.0e-05 : tensor<?x8xf32>, !lobit.weight<8xf32>
  %d = lobit.weight "dense.weight" : !lobit.weight<8x8xf32>
  %1 = lobit.linear %y, %d {lobit.name = "dense"} : tensor<?x8xf32>, !lobit.weight<8x8xf32> -> tensor<?x8xf32>
  %t = lobit.weight "native.weight" : !lobit.weight<8x8xf32>
  %2 = lobit.linear %1, %t {lobit.name = "native"} : tensor<?x8xf32>, !lobit.weight<8x8xf32> -> tensor<?x8xf32>
  %s = lobit.weight "stored.weight" : !lobit.weight<8x8, #lobit.ternary<tensor, f32>>
  %3 = lobit.linear %2, %s {lobit.name = "stored"} : tensor<?x8xf32>, !lobit.weight<8x8, #lobit.ternary<tensor, f32>> -> tensor<?x8xf32>
  %r = lobit.weight "router.weight" : !lobit.weight<8x8xf32>
  %4 = lobit.linear %3, %r {lobit.name = "mlp.router"} : tensor<?x8xf32>, !lobit.weight<8x8xf32> -> tensor<?x8xf32>
  %h = lobit.weight "embed.weight" : !lobit.weight<16x8xf32>
  %l = lm.head %4, %h from %first {lobit.name = "head"} : tensor<?x8xf32>, !lobit.weight<16x8xf32> -> tensor<?x16xf32>
  return %l : tensor<?x16xf32>
}
)";

class QuantizeModuleTest : public testing::Test {
protected:
  QuantizeModuleTest() {
    context.loadDialect<lb::LobitDialect, lm::LMDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(moduleText, &context);
    source.add("embed.weight", {16, 8}, ordinary(128, 1));
    source.add("dense.weight", {8, 8}, ordinary(64, 2));
    source.add("router.weight", {8, 8}, ordinary(64, 3));
    source.add("norm.weight", {8}, ordinary(8, 4));
    std::vector<float> native(64);
    std::vector<int8_t> codes(64);
    for (size_t i = 0; i < 64; ++i) {
      codes[i] = int8_t(int(i * 5 + i / 7) % 3 - 1);
      native[i] = float(codes[i]) * (i < 32 ? 0.5f : 0.25f);
    }
    source.add("native.weight", {8, 8}, native);
    source.addPacked("stored.weight", {8, 8}, codes, 2);
  }

  Result<QuantizeReport> run(const char *quantize, std::vector<std::string> layers = {}) {
    auto policy = parseQuantizePolicy(quantize, layers);
    if (!policy.ok())
      return policy.status();
    policy->trainedTernary = trainedTernary;
    policy->trainedFloat = trainedFloat;
    auto report = quantizeModule(*module, &source, *policy);
    EXPECT_TRUE(mlir::succeeded(mlir::verify(*module)));
    return report;
  }

  // "name scheme granularity", in order.
  static std::vector<std::string> schemes(const QuantizeReport &report) {
    std::vector<std::string> result;
    for (const LayerReport &layer : report.layers)
      result.push_back(
          layer.names[0] + " " + schemeWord(layer.scheme) + " " + layer.method + " " +
          (layer.granularity == Granularity::None ? "-" : granularityWord(layer.granularity)));
    return result;
  }

  std::vector<mlir::Value> linearWeights() {
    std::vector<mlir::Value> weights;
    module->walk([&](lb::LinearOp op) { weights.push_back(op.getWeight()); });
    return weights;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  MemorySource source;
  bool trainedTernary = false;
  std::vector<std::string> trainedFloat;
};

} // namespace

TEST_F(QuantizeModuleTest, Auto) {
  auto report = run("auto");
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(schemes(*report),
            std::vector<std::string>({"embed int8 absmax row", "dense int8 absmax row",
                                      "native ternary optimal row", "stored ternary  tensor",
                                      "mlp.router f32  -"}));
  EXPECT_EQ(report->layers[0].names, std::vector<std::string>({"embed", "head"}));
  EXPECT_EQ(report->layers[2].error->relativeMse(), 0);
  EXPECT_EQ(report->layers[2].reason, "auto: ternary already");
  EXPECT_EQ(report->layers[1].reason, "auto: dense");
  EXPECT_EQ(report->layers[4].reason, "routers are kept");
  // One block of 32 rows and 16 columns: 512 bytes of int8 and 8 f32 scales, a quarter of
  // that and one scale for ternary.
  EXPECT_EQ(report->layers[1].bytes, 512 + 32);
  EXPECT_EQ(report->layers[3].bytes, 128 + 4);
  ASSERT_EQ(report->kept.size(), 1u);
  EXPECT_EQ(report->kept[0].reason, "norms are never quantized");
  EXPECT_EQ(report->kept[0].bytes, 32);
  // Each tensor once; what is kept is not read.
  EXPECT_EQ(source.loads, std::vector<std::string>(
                              {"embed.weight", "dense.weight", "native.weight", "stored.weight"}));
  EXPECT_EQ(report->layers[3].error->zeros, 18);
}

TEST_F(QuantizeModuleTest, AutoOfTrainedTernaryWeights) {
  trainedTernary = true;
  auto report = run("auto");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(schemes(*report)[1], "dense ternary absmean tensor");
  EXPECT_EQ(report->layers[1].reason, "auto: trained with ternary weights");
  EXPECT_EQ(schemes(*report)[0], "embed int8 absmax row");
}

TEST_F(QuantizeModuleTest, AutoLeavesLayersThatStayedFloatDense) {
  trainedTernary = true;
  trainedFloat = {"", "dens"};
  auto report = run("auto");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(schemes(*report)[1], "dense int8 absmax row");
  EXPECT_EQ(report->layers[1].reason, "auto: dense");
}

TEST_F(QuantizeModuleTest, TheLastRuleDecidesAndTiedLayersAgree) {
  auto report = run("ternary:absmean", {"e.*=ternary", "(embed|head).*=keep", "router=int8:f16"});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(schemes(*report),
            std::vector<std::string>({"embed f32  -", "dense ternary optimal row",
                                      "native ternary optimal row", "stored ternary  tensor",
                                      "mlp.router int8 absmax row"}));
  EXPECT_EQ(report->layers[0].reason, "rule (embed|head).*=keep");
  EXPECT_EQ(report->layers[4].scaleType, ScaleType::F16);
  // Naming one of the tied layers is naming both.
  EXPECT_EQ(report->layers[0].names.size(), 2u);
}

TEST_F(QuantizeModuleTest, KeepLeavesTheModuleAlone) {
  auto report = run("keep");
  ASSERT_TRUE(report.ok());
  bool changed = false;
  module->walk([&](lb::QuantizeOp) { changed = true; });
  EXPECT_FALSE(changed);
  EXPECT_EQ(source.loads, std::vector<std::string>({"stored.weight"}));
}

TEST_F(QuantizeModuleTest, AFinerGranularityIsHonoured) {
  auto report = run("ternary:absmean:group=32");
  EXPECT_EQ(report->layers[2].granularity, Granularity::Group);
  EXPECT_EQ(report->layers[2].error->relativeMse(), 0);
}

TEST_F(QuantizeModuleTest, ACoarserGranularityIsNot) {
  auto report = run("ternary:absmean:tensor");
  EXPECT_EQ(report->layers[1].granularity, Granularity::Tensor);
  EXPECT_EQ(report->layers[2].granularity, Granularity::Row);
  EXPECT_EQ(report->layers[2].error->relativeMse(), 0);
}

TEST_F(QuantizeModuleTest, QuantizingAgainChangesNothing) {
  ASSERT_TRUE(run("auto").ok());
  size_t before = 0, after = 0;
  module->walk([&](lb::QuantizeOp) { ++before; });
  auto report = run("ternary");
  module->walk([&](lb::QuantizeOp) { ++after; });
  EXPECT_EQ(before, 4u); // embedding and head have an op each
  EXPECT_EQ(after, before);
  EXPECT_EQ(report->layers[1].reason, "is quantized already");
}

TEST_F(QuantizeModuleTest, Messages) {
  EXPECT_EQ(run("auto", {"k_proj=int8"}).status().message(),
            "layer rule 'k_proj=int8' matches no layer; the layers are embed, head, dense, native, "
            "stored, mlp.router");
  auto policy = parseQuantizePolicy("auto", {});
  EXPECT_EQ(quantizeModule(*module, nullptr, *policy).status().message(),
            "layer dense: auto has to look at the weight 'dense.weight', but no model file was "
            "given; name a scheme");
}

TEST_F(QuantizeModuleTest, NonFiniteWeights) {
  std::vector<float> values = ordinary(64, 2);
  values[13] = NAN;
  source.add("dense.weight", {8, 8}, values);
  EXPECT_EQ(run("auto").status().message(),
            "layer dense: tensor 'dense.weight' has a NaN at row 1, column 5; repair the "
            "checkpoint, or choose nonfinite=zero or nonfinite=clamp");
  auto policy = parseQuantizePolicy("keep", {"dense=int8"});
  policy->nonFinite = NonFinitePolicy::Zero;
  auto report = quantizeModule(*module, &source, *policy);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->layers[1].nonFinite, 1);
  EXPECT_EQ(report->nonFinite, "zero");
}

TEST_F(QuantizeModuleTest, EvaluatesChains) {
  ASSERT_TRUE(run("auto").ok());
  std::vector<mlir::Value> weights = linearWeights();
  for (unsigned threads : {1u, 3u}) {
    auto native = evaluateWeight(weights[1], &source, {threads});
    ASSERT_TRUE(native.ok()) << native.status().message();
    EXPECT_EQ(native->scales, std::vector<float>({.5f, .5f, .5f, .5f, .25f, .25f, .25f, .25f}));
    auto stored = evaluateWeight(weights[2], &source, {threads});
    EXPECT_EQ(stored->codes, native->codes);
    EXPECT_EQ(stored->scales, std::vector<float>({2}));
    auto router = evaluateWeight(weights[3], &source, {threads});
    EXPECT_EQ(router->bytes.size(), 256u);
    EXPECT_TRUE(router->codes.empty());
    // Packed codes are the packed codes.
    auto type = mlir::cast<lb::WeightType>(weights[1].getType());
    mlir::OpBuilder builder(&context);
    builder.setInsertionPointAfterValue(weights[1]);
    for (Layout layout : {Layout::T2Dot, Layout::T2Tl1}) {
      auto pack =
          builder.create<lb::PackOp>(weights[1].getLoc(), type.withLayout(layout), weights[1]);
      auto packed = evaluateWeight(pack, &source, {threads});
      ASSERT_TRUE(packed.ok());
      std::vector<uint8_t> expected(*layoutBytes(layout, 8, 8, 1));
      ASSERT_TRUE(encodeLayout(layout, native->codes.data(), 8, 8, expected.data()).ok());
      EXPECT_EQ(packed->bytes, expected);
      EXPECT_EQ(packed->scales, native->scales);
      EXPECT_TRUE(packed->codes.empty());
    }
    EXPECT_EQ(encodeScales(stored->scales, ScaleType::F16), std::vector<uint8_t>({0x00, 0x40}));
    EXPECT_EQ(encodeScales(stored->scales, ScaleType::F32), std::vector<uint8_t>({0, 0, 0, 0x40}));
  }
}

TEST_F(QuantizeModuleTest, EvaluatorMessages) {
  std::vector<mlir::Value> weights = linearWeights();
  auto message = [&](size_t i) { return evaluateWeight(weights[i], &source).status().message(); };
  EXPECT_EQ(evaluateWeight(weights[0], nullptr).status().message(),
            "the weight 'dense.weight' is in a model file, but no model file was given");
  source.add("dense.weight", {8, 9}, ordinary(72, 1));
  EXPECT_EQ(message(0), "tensor 'dense.weight' has shape 8x9, expected 8x8");
  source.add("dense.weight", {8, 8}, ordinary(63, 1));
  EXPECT_EQ(message(0),
            "tensor 'dense.weight' has 252 bytes, expected 256 for 8 rows of 8 columns");
  source.tensors["dense.weight"].type = ElementType::BF16;
  EXPECT_EQ(message(0), "tensor 'dense.weight' holds bf16, expected f32");
  source.add("stored.weight", {8, 8}, ordinary(64, 1));
  EXPECT_EQ(message(2), "tensor 'stored.weight' holds f32, expected int8 codes");
  source.tensors.erase("stored.weight");
  EXPECT_EQ(message(2), "no tensor 'stored.weight'");
  mlir::Block block;
  mlir::Value argument = block.addArgument(weights[0].getType(), weights[0].getLoc());
  EXPECT_EQ(evaluateWeight(argument, &source).status().message(),
            "a weight is not made by lobit.weight, lobit.quantize and lobit.pack alone");
}
