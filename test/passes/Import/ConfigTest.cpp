#include "passes/Import/Config.h"
#include "test/passes/Import/CheckpointTesting.h"

#include <gtest/gtest.h>

using namespace lobit;
using namespace lobit::test;

namespace {

const std::string kBitNet = R"({
  "architectures": ["BitNetForCausalLM"], "model_type": "bitnet",
  "vocab_size": 1000, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2,
  "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
  "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "hidden_act": "relu2",
  "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": [2, 3],
  "quantization_config": {"quant_method": "bitnet", "linear_class": "autobitlinear",
                          "quantization_mode": "offline"}
})";
const std::string kQuantization =
    R"({"quant_method": "bitnet", "linear_class": "autobitlinear",
                          "quantization_mode": "offline"})";

Result<ModelConfig> parse(const std::string &text) { return parseConfig(text, "config.json"); }

void expectError(const std::string &text, StatusCode code, const std::string &message) {
  Result<ModelConfig> config = parse(text);
  EXPECT_EQ(config.status().code(), code) << config.status().message();
  EXPECT_NE(config.status().message().find(message), std::string::npos)
      << config.status().message();
  EXPECT_EQ(config.status().message().rfind("config.json", 0), 0u) << config.status().message();
}

/// kBitNet with a member added or a value replaced.
std::string with(const std::string &member) {
  return replaced(kBitNet, "\"vocab_size\"", member + ", \"vocab_size\"");
}
std::string without(const std::string &key) {
  return replaced(kBitNet, "\"" + key + "\"", "\"x\"");
}

TEST(ConfigTest, BitNet) {
  Result<ModelConfig> config = parse(kBitNet);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->vocab, 1000);
  EXPECT_EQ(config->hidden, 64);
  EXPECT_EQ(config->intermediate, 160);
  EXPECT_EQ(config->layers, 2);
  EXPECT_EQ(config->heads, 4);
  EXPECT_EQ(config->kvHeads, 2);
  EXPECT_EQ(config->headDim, 16);
  EXPECT_EQ(config->maxPositions, 128);
  EXPECT_EQ(config->rmsNormEps, 1e-5f);
  EXPECT_EQ(config->ropeTheta, 500000.0);
  EXPECT_EQ(config->activation, MlpActivation::Relu2);
  EXPECT_EQ(config->subNorms.attention, "self_attn.attn_sub_norm");
  EXPECT_EQ(config->subNorms.mlp, "mlp.ffn_sub_norm");
  EXPECT_TRUE(config->tied);
  EXPECT_EQ(config->bos, 1);
  EXPECT_EQ(config->eos, (std::vector<int64_t>{2, 3}));
  ASSERT_TRUE(config->quantization);
  EXPECT_TRUE(config->quantization->offline);
  EXPECT_TRUE(config->isQat);
}

TEST(ConfigTest, Llama) {
  std::string text = replaced(kBitNet, "BitNetForCausalLM", "LlamaForCausalLM");
  text = replaced(text, "\"bitnet\"", "\"llama\"");
  text = replaced(text, "relu2", "silu");
  text = replaced(text, "\"num_key_value_heads\": 2,", "\"head_dim\": 32,");
  text = replaced(text, "\"quantization_config\": " + kQuantization, "\"rope_scaling\": null");
  Result<ModelConfig> config = parse(text);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->headDim, 32);
  EXPECT_EQ(config->kvHeads, 4);
  EXPECT_EQ(config->activation, MlpActivation::Silu);
  EXPECT_TRUE(config->subNorms.attention.empty());
  EXPECT_FALSE(config->quantization);
  EXPECT_FALSE(config->isQat);
}

TEST(ConfigTest, LatentsOfTheFirstBitNet) {
  std::string text = replaced(kBitNet, "BitNetForCausalLM", "BitnetForCausalLM");
  text = replaced(text, "\"bitnet\"", "\"llama\"");
  text = replaced(text, "relu2", "silu");
  text = replaced(text, "\"quantization_config\": " + kQuantization,
                  "\"weight_bits\": 1, \"input_bits\": 8");
  Result<ModelConfig> config = parse(text);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->subNorms.attention, "self_attn.inner_attn_ln");
  EXPECT_EQ(config->subNorms.mlp, "mlp.ffn_layernorm");
  EXPECT_TRUE(config->isQat);
  expectError(replaced(text, "\"weight_bits\": 1", "\"weight_bits\": 2"), StatusCode::MALFORMED,
              "weight_bits: expected an integer from 1 to 1");
}

TEST(ConfigTest, ScaleDirection) {
  auto direction = [](const std::string &quantization) {
    return parse(replaced(kBitNet, kQuantization, quantization))->quantization->direction;
  };
  EXPECT_EQ(direction(kQuantization), ScaleDirection::Multiply);
  EXPECT_EQ(direction(R"({"quant_method": "bitnet", "linear_class": "autobitlinear"})"),
            ScaleDirection::Multiply);
  EXPECT_EQ(direction(R"({"quant_method": "bitnet", "linear_class": "bitlinear"})"),
            ScaleDirection::Divide);
  EXPECT_EQ(direction(R"({"quant_method": "bitnet"})"), ScaleDirection::Divide);
  EXPECT_EQ(direction(R"({"quant_method": "bitnet", "modules_to_not_convert": ["lm_head"]})"),
            ScaleDirection::Divide);
}

TEST(ConfigTest, LastOfTwoEqualKeysCounts) {
  std::string text =
      replaced(kBitNet, "\"quantization_config\"",
               R"("quantization_config": {"quant_method": "gptq"}, "quantization_config")");
  Result<ModelConfig> config = parse(text);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->quantization->direction, ScaleDirection::Multiply);
}

TEST(ConfigTest, RequiredKeys) {
  for (const char *key : {"architectures", "model_type", "vocab_size", "hidden_size",
                          "intermediate_size", "num_hidden_layers", "num_attention_heads",
                          "max_position_embeddings", "rms_norm_eps", "hidden_act"})
    expectError(without(key), StatusCode::MISSING, std::string(key) + ": expected");
}

TEST(ConfigTest, IntegersAreChecked) {
  for (const char *value :
       {"0", "-1", "1.5", "\"64\"", "null", "true", "18446744073709551615", "[64]", "4194305"}) {
    std::string text =
        replaced(kBitNet, "\"hidden_size\": 64", "\"hidden_size\": " + std::string(value));
    Status status = parse(text).status();
    EXPECT_FALSE(status.ok()) << value;
    EXPECT_NE(status.message().find("hidden_size: expected an integer from 1 to 4194304"),
              std::string::npos)
        << status.message();
  }
  expectError(replaced(kBitNet, "_heads\": 4", "_heads\": 3"), StatusCode::MISMATCH,
              "num_attention_heads 3 is not a multiple of num_key_value_heads 2");
  expectError(replaced(kBitNet, "\"hidden_size\": 64", "\"hidden_size\": 66"), StatusCode::MISMATCH,
              "hidden_size 66 is not a multiple of num_attention_heads 4");
  expectError(with("\"head_dim\": 15"), StatusCode::UNSUPPORTED, "head_dim: expected an even");
  expectError(replaced(kBitNet, "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 8"),
              StatusCode::MALFORMED, "num_key_value_heads: expected an integer from 1 to 4");
}

TEST(ConfigTest, NumbersAreChecked) {
  for (const char *value : {"0", "-1e-5", "2", "1e-60", "\"1e-5\""})
    EXPECT_FALSE(parse(replaced(kBitNet, "1e-05", value)).ok()) << value;
  for (const char *value : {"0", "0.5", "1e13", "-1", "\"x\""})
    EXPECT_FALSE(parse(replaced(kBitNet, "500000.0", value)).ok()) << value;
  EXPECT_EQ(parse(without("rope_theta"))->ropeTheta, 500000.0);
}

TEST(ConfigTest, UnsupportedIsRefused) {
  for (const char *member :
       {"\"attention_bias\": true", "\"mlp_bias\": true", "\"partial_rotary_factor\": 0.5",
        "\"sliding_window\": 4096", "\"qk_norm\": true", "\"logits_scaling\": 8.0",
        "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0}",
        "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}", "\"rope_scaling\": {}",
        "\"rope_parameters\": {\"rope_type\": \"yarn\"}"}) {
    Status status = parse(with(member)).status();
    EXPECT_EQ(status.code(), StatusCode::UNSUPPORTED) << member << ": " << status.message();
    EXPECT_NE(status.message().find("not supported"), std::string::npos) << status.message();
  }
  for (const char *member :
       {"\"attention_bias\": false", "\"mlp_bias\": null", "\"partial_rotary_factor\": 1.0",
        "\"sliding_window\": null", "\"rope_scaling\": {\"rope_type\": \"default\"}"})
    EXPECT_TRUE(parse(with(member)).ok()) << member;
  expectError(replaced(kBitNet, "relu2", "gelu"), StatusCode::UNSUPPORTED,
              "hidden_act: expected \"relu2\" or \"silu\", found \"gelu\"");
  expectError(replaced(kBitNet, "BitNetForCausalLM", "GemmaForCausalLM"), StatusCode::UNSUPPORTED,
              "architecture \"GemmaForCausalLM\" is not supported");
  expectError(replaced(kBitNet, "\"bitnet\",", "\"llama\","), StatusCode::UNSUPPORTED,
              "model_type: expected \"bitnet\", found \"llama\"");
}

TEST(ConfigTest, QuantizationIsChecked) {
  auto expectQuantization = [](const std::string &value, const std::string &message) {
    Status status = parse(replaced(kBitNet, kQuantization, value)).status();
    EXPECT_FALSE(status.ok()) << value;
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  };
  expectQuantization(R"({"quant_method": "gptq"})", "quant_method: expected \"bitnet\"");
  expectQuantization(R"({})", "quant_method: expected \"bitnet\", found no such key");
  expectQuantization(R"({"quant_method": "bitnet", "linear_class": "otherlinear"})",
                     "linear_class: expected \"bitlinear\" or \"autobitlinear\"");
  expectQuantization(R"({"quant_method": "bitnet", "linear_class": 3})", "linear_class");
  expectQuantization(
      R"({"quant_method": "bitnet", "linear_class": "autobitlinear", "quantization_mode": "x"})",
      "quantization_mode: expected \"offline\" or \"online\"");
  expectQuantization(R"({"quant_method": "bitnet", "quantization_mode": "online"})",
                     "has no meaning");
  expectQuantization(
      R"({"quant_method": "bitnet", "linear_class": "autobitlinear", "use_rms_norm": true})",
      "use_rms_norm: true is not supported");
  expectQuantization(R"({"quant_method": "bitnet", "modules_to_not_convert": "lm_head"})",
                     "modules_to_not_convert: expected a list of strings");
}

TEST(ConfigTest, TokenIds) {
  expectError(replaced(kBitNet, "\"bos_token_id\": 1", "\"bos_token_id\": 1000"),
              StatusCode::MALFORMED, "bos_token_id: expected token ids below vocab_size 1000");
  expectError(replaced(kBitNet, "[2, 3]", "[2, -3]"), StatusCode::MALFORMED, "eos_token_id");
  EXPECT_EQ(parse(replaced(kBitNet, "[2, 3]", "null"))->eos.size(), 0u);
  EXPECT_EQ(parse(replaced(kBitNet, "[2, 3]", "7"))->eos, std::vector<int64_t>{7});
  Result<std::vector<int64_t>> eos = parseGenerationEos(R"({"eos_token_id": [5, 6]})", "g.json");
  ASSERT_TRUE(eos.ok());
  EXPECT_EQ(*eos, (std::vector<int64_t>{5, 6}));
  EXPECT_FALSE(parseGenerationEos(R"({"eos_token_id": "x"})", "g.json").ok());
  EXPECT_TRUE(parseGenerationEos("{}", "g.json")->empty());
}

TEST(ConfigTest, BrokenFiles) {
  for (size_t size = 0; size < kBitNet.size(); ++size)
    EXPECT_FALSE(parse(kBitNet.substr(0, size)).ok()) << size;
  expectError("[]", StatusCode::MALFORMED, "expected an object, found an array");
  expectError(kBitNet + "x", StatusCode::MALFORMED, "not valid JSON at byte");
}

} // namespace
