#include "dialects/LM/LMOps.h"
#include "dialects/Lobit/LobitOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "passes/Import/Import.h"
#include "test/passes/Import/CheckpointTesting.h"

#include <gtest/gtest.h>

#include <fstream>

using namespace lobit;
using namespace lobit::test;
using namespace mlir;

namespace {

const std::string kModels = std::string(LOBIT_SOURCE_DIR) + "/models/";

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

class ImportCheckpointTest : public testing::Test {
protected:
  Result<ImportedModel> import(const std::string &directory) {
    return importModel(context_, directory, options_);
  }
  /// Writes a synthetic checkpoint; `flags` are those of the script.
  std::string synthesize(const std::string &flags) {
    std::string command = "python3 " + std::string(LOBIT_SOURCE_DIR) +
                          "/tools/dev/make_synthetic_checkpoint.py " + directory_.path() +
                          "/model --preset tiny " + flags + " > /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return directory_.path() + "/model";
  }
  /// Every named weight of the module is in the source, in the type the IR says.
  void expectWeightsLoad(ImportedModel &model) {
    model.module->walk([&](lb::WeightOp op) {
      Result<TensorData> data = model.source->load(op.getName()->str());
      ASSERT_TRUE(data.ok()) << data.status().message();
      EXPECT_EQ(ArrayRef<int64_t>(data->shape), op.getType().getShape());
      EXPECT_EQ(data->type == ElementType::HfPackedTernary,
                op.getType().getScheme() == Scheme::Ternary);
      EXPECT_EQ(data->scales.size(), size_t(op.getType().getScaleCount()));
    });
  }
  template <typename Op> unsigned count(ModuleOp module) {
    unsigned found = 0;
    module.walk([&](Op) { ++found; });
    return found;
  }

  TemporaryDirectory directory_;
  MLIRContext context_;
  ImportOptions options_;
};

TEST_F(ImportCheckpointTest, ShippedPackedModel) {
  Result<ImportedModel> model = import(kModels + "kjv-bitnet");
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_TRUE(model->isPacked);
  EXPECT_TRUE(model->isQat);
  EXPECT_FALSE(model->tokenizer.empty());
  EXPECT_TRUE(model->notes.empty());
  expectWeightsLoad(*model);
  std::string text = print(*model->module);
  for (const char *part :
       {"kind = \"language_model\"", "vocab = 1024", "weight_scale = \"multiply\"",
        "func.func private @block_0(%arg0: tensor<?x256xf32>, %arg1: index)",
        "lobit.weight \"model.layers.0.self_attn.q_proj.weight\" : "
        "!lobit.weight<256x256, #lobit.ternary<tensor, f32>>",
        "func.func @forward", "attributes {lobit.entry}", "lobit.weight \"lobit.rope_table\"",
        "lobit.name = \"model.layers.3.mlp.down_proj\"", "lobit.name = \"lm_head\""})
    EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST_F(ImportCheckpointTest, ShippedMasterAndTwin) {
  Result<ImportedModel> master = import(kModels + "kjv-bitnet/master");
  ASSERT_TRUE(master.ok()) << master.status().message();
  EXPECT_FALSE(master->isPacked);
  EXPECT_TRUE(master->isQat);
  expectWeightsLoad(*master);
  Result<ImportedModel> dense = import(kModels + "kjv-dense");
  ASSERT_TRUE(dense.ok()) << dense.status().message();
  EXPECT_FALSE(dense->isPacked);
  EXPECT_FALSE(dense->isQat);
  expectWeightsLoad(*dense);
}

TEST_F(ImportCheckpointTest, BitNetGraph) {
  Result<ImportedModel> model = import(synthesize(""));
  ASSERT_TRUE(model.ok()) << model.status().message();
  ModuleOp module = *model->module;
  EXPECT_EQ(count<func::FuncOp>(module), 3u);
  EXPECT_EQ(count<lb::LinearOp>(module), 14u);
  EXPECT_EQ(count<lm::RmsNormOp>(module), 2u * 4 + 1);
  EXPECT_EQ(count<lm::RopeOp>(module), 4u);
  EXPECT_EQ(count<lm::AttentionOp>(module), 2u);
  EXPECT_EQ(count<lm::AddOp>(module), 4u);
  expectWeightsLoad(*model);
}

TEST_F(ImportCheckpointTest, LlamaGraphUntiedInverseScalesAndShards) {
  std::string path = synthesize(
      "--architecture LlamaForCausalLM --weights inverse --untied --shards 3 --head-dim 32");
  Result<ImportedModel> model = import(path);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ModuleOp module = *model->module;
  EXPECT_EQ(count<lm::RmsNormOp>(module), 2u * 2 + 1);
  std::string text = print(module);
  for (const char *part : {"lobit.weight \"lm_head.weight\"", "silu", "weight_scale = \"divide\"",
                           "architecture = \"LlamaForCausalLM\"", "head_dim = 32",
                           "!lobit.weight<128x64, #lobit.ternary<tensor, f32>>"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
  expectWeightsLoad(*model);
  Result<TensorData> query = model->source->load("model.layers.0.self_attn.q_proj.weight");
  EXPECT_NEAR(query->scales[0], std::sqrt(1.5 / 64), 1e-3);
}

TEST_F(ImportCheckpointTest, MasterWeightsOfEveryType) {
  for (const char *type : {"F32", "F16", "BF16"}) {
    std::string path = synthesize(std::string("--weights master --float-dtype ") + type);
    Result<ImportedModel> model = import(path);
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_TRUE(model->isQat);
    EXPECT_FALSE(model->isPacked);
    expectWeightsLoad(*model);
  }
}

TEST_F(ImportCheckpointTest, LayersThatStayedFloat) {
  std::string path = synthesize("--weights master");
  std::ifstream stream(path + "/config.json");
  std::string config((std::istreambuf_iterator<char>(stream)), {});
  size_t mode = config.find("\"quantization_mode\"");
  ASSERT_NE(mode, std::string::npos);
  directory_.write("model/config.json",
                   config.insert(mode, "\"modules_to_not_convert\": [\"down_proj\"], "));
  Result<ImportedModel> model = import(path);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_TRUE(model->isQat);
  EXPECT_EQ(model->notConverted, std::vector<std::string>{"down_proj"});
}

TEST_F(ImportCheckpointTest, MaxContext) {
  std::string path = synthesize("");
  options_.maxContext = 32;
  Result<ImportedModel> model = import(path);
  ASSERT_TRUE(model.ok());
  EXPECT_NE(print(*model->module).find("!lm.cache<2x32x16>"), std::string::npos);
  expectWeightsLoad(*model);
  for (int64_t bad : {int64_t(129), int64_t(-1)}) {
    options_.maxContext = bad;
    Status status = import(path).status();
    EXPECT_EQ(status.code(), StatusCode::INVALID_ARGUMENT);
    EXPECT_NE(status.message().find("--max-context: expected 1 to 128"), std::string::npos)
        << status.message();
  }
  options_.maxContext = 0;
  path = synthesize("--context 9000");
  model = import(path);
  ASSERT_TRUE(model.ok());
  ASSERT_EQ(model->notes.size(), 1u);
  EXPECT_NE(model->notes[0].find("limited to 4096"), std::string::npos);
}

TEST_F(ImportCheckpointTest, FilesOfTheDirectory) {
  auto expectError = [&](const std::string &path, StatusCode code, const std::string &message) {
    Status status = import(path).status();
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  };
  expectError(directory_.path() + "/none", StatusCode::INVALID_ARGUMENT,
              "there is no such file or directory");
  expectError(directory_.path(), StatusCode::MISSING, "has no config.json");
  std::string path = synthesize("");
  ASSERT_EQ(std::rename((path + "/model.safetensors").c_str(), (path + "/x").c_str()), 0);
  expectError(path, StatusCode::MISSING, "has neither model.safetensors nor");
  ASSERT_EQ(std::rename((path + "/x").c_str(), (path + "/model.safetensors").c_str()), 0);
  directory_.write("model/model.safetensors.index.json", "{}");
  expectError(path, StatusCode::AMBIGUOUS, "has both");
  std::remove((path + "/model.safetensors.index.json").c_str());

  std::remove((path + "/tokenizer.json").c_str());
  Result<ImportedModel> model = import(path);
  ASSERT_TRUE(model.ok());
  EXPECT_TRUE(model->tokenizer.empty());
  ASSERT_EQ(model->notes.size(), 1u);
  EXPECT_NE(model->notes[0].find("no tokenizer.json"), std::string::npos);
  directory_.write("model/tokenizer.json", "{}");
  expectError(path, StatusCode::UNSUPPORTED, "tokenizer.json: pre_tokenizer");
}

TEST_F(ImportCheckpointTest, GenerationConfigAddsEndTokens) {
  std::string path = synthesize("");
  directory_.write("model/generation_config.json", R"({"eos_token_id": [257, 300]})");
  Result<ImportedModel> model = import(path);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_NE(print(*model->module).find("eos = [257, 300]"), std::string::npos);
  directory_.write("model/generation_config.json", R"({"eos_token_id": 320})");
  EXPECT_EQ(import(path).status().code(), StatusCode::MISMATCH);
}

} // namespace
