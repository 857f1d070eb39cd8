#include "passes/Import/CheckpointSource.h"
#include "test/passes/Import/CheckpointTesting.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace lobit;
using namespace lobit::test;

namespace {

std::string floats(const std::vector<float> &values) {
  std::string bytes(4 * values.size(), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}
std::string halves(const std::vector<uint16_t> &values) {
  std::string bytes(2 * values.size(), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// A model with one layer, hidden 4, and six rows in the MLP: not a multiple of 4.
class CheckpointSourceTest : public testing::Test {
protected:
  CheckpointSourceTest() {
    config_.architecture = "BitNetForCausalLM";
    config_.vocab = 5;
    config_.hidden = 4;
    config_.intermediate = 6;
    config_.layers = 1;
    config_.heads = 2;
    config_.kvHeads = 1;
    config_.headDim = 2;
    config_.ropeTheta = 10000;
    config_.tied = true;
    config_.subNorms = {"self_attn.attn_sub_norm", "mlp.ffn_sub_norm"};
    config_.quantization = QuantizationConfig{true, ScaleDirection::Multiply, {}};
    options_.maxContext = 3;
    for (const ExpectedTensor &tensor : expectedTensors(config_)) {
      std::vector<uint64_t> shape(tensor.shape.begin(), tensor.shape.end());
      if (tensor.projection) {
        shape[0] = (shape[0] + 3) / 4;
        tensors_[tensor.name] = {"U8", shape, std::string(shape[0] * shape[1], char(0x24))};
        tensors_[tensor.name + "_scale"] = {"BF16", {1}, halves({0x3F00})}; // 0.5
      } else {
        uint64_t count = 1;
        for (uint64_t dim : shape)
          count *= dim;
        tensors_[tensor.name] = {"F32", shape, floats(std::vector<float>(count, 1.5f))};
      }
    }
  }

  Result<std::shared_ptr<CheckpointSource>> open() {
    Result<Safetensors> file =
        Safetensors::openFile(directory_.write("model.safetensors", safetensors(tensors_)));
    EXPECT_TRUE(file.ok()) << file.status().message();
    return CheckpointSource::open(std::move(*file), config_, options_);
  }
  Result<TensorData> load(const std::string &name) {
    Result<std::shared_ptr<CheckpointSource>> source = open();
    EXPECT_TRUE(source.ok()) << source.status().message();
    return source.ok() ? (*source)->load(name) : Result<TensorData>(source.status());
  }
  static void expectStatus(const Status &status, StatusCode code,
                           const std::vector<std::string> &parts) {
    EXPECT_EQ(status.code(), code) << status.message();
    for (const std::string &part : parts)
      EXPECT_NE(status.message().find(part), std::string::npos) << part << "\n" << status.message();
  }
  void expectOpenError(StatusCode code, const std::vector<std::string> &parts) {
    expectStatus(open().status(), code, parts);
  }

  TemporaryDirectory directory_;
  ModelConfig config_;
  CheckpointOptions options_;
  std::map<std::string, TestTensor> tensors_;
};

const std::string kQuery = "model.layers.0.self_attn.q_proj.weight";
const std::string kUp = "model.layers.0.mlp.up_proj.weight";
const std::string kNorm = "model.norm.weight";

TEST_F(CheckpointSourceTest, TensorsOfTheArchitecture) {
  EXPECT_EQ(expectedTensors(config_).size(), 1u + 11 + 1);
  config_.tied = false;
  config_.subNorms = {};
  config_.layers = 3;
  EXPECT_EQ(expectedTensors(config_).size(), 1u + 3 * 9 + 2);
}

TEST_F(CheckpointSourceTest, PackedCodesAndFloats) {
  Result<TensorData> query = load(kQuery);
  ASSERT_TRUE(query.ok()) << query.status().message();
  EXPECT_EQ(query->type, ElementType::HfPackedTernary);
  EXPECT_EQ(query->shape, (std::vector<int64_t>{4, 4}));
  EXPECT_EQ(query->scales, std::vector<float>{0.5f});
  EXPECT_EQ(query->size, 4u);
  Result<TensorData> up = load(kUp);
  ASSERT_TRUE(up.ok());
  EXPECT_EQ(up->shape, (std::vector<int64_t>{6, 4}));
  EXPECT_EQ(up->size, 8u);
  Result<TensorData> norm = load(kNorm);
  ASSERT_TRUE(norm.ok());
  EXPECT_EQ(norm->type, ElementType::F32);
  EXPECT_EQ(norm->shape, std::vector<int64_t>{4});
  EXPECT_TRUE(norm->scales.empty());
  expectStatus(load("x").status(), StatusCode::MISSING, {"tensor \"x\" is not in the checkpoint"});
}

TEST_F(CheckpointSourceTest, BytesOutliveTheSource) {
  Result<TensorData> norm = load(kNorm); // the source is gone
  ASSERT_TRUE(norm.ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char *>(norm->bytes), norm->size),
            floats({1.5f, 1.5f, 1.5f, 1.5f}));
}

TEST_F(CheckpointSourceTest, RopeTable) {
  Result<TensorData> table = load(ropeTableName);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->shape, (std::vector<int64_t>{3, 2}));
  float expected[6], found[6];
  for (int i = 0; i < 3; ++i) {
    expected[2 * i] = std::cos(double(i));
    expected[2 * i + 1] = std::sin(double(i));
  }
  ASSERT_EQ(table->size, sizeof(found));
  std::memcpy(found, table->bytes, sizeof(found));
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(found[i], expected[i]);
}

TEST_F(CheckpointSourceTest, ScaleIsTurnedToMultiply) {
  for (auto [type, data] : {std::pair("BF16", halves({0x4040})), std::pair("F16", halves({0x4200})),
                            std::pair("F32", floats({3.0f}))}) {
    tensors_[kQuery + "_scale"] = {type, {1}, data};
    config_.quantization->direction = ScaleDirection::Multiply;
    EXPECT_EQ(load(kQuery)->scales, std::vector<float>{3.0f});
    config_.quantization->direction = ScaleDirection::Divide;
    EXPECT_EQ(load(kQuery)->scales, std::vector<float>{1.0f / 3.0f});
  }
  options_.weightScale = ScaleDirection::Multiply; // the flag wins
  EXPECT_EQ(load(kQuery)->scales, std::vector<float>{3.0f});
}

TEST_F(CheckpointSourceTest, AmbiguousDirectionIsRefused) {
  config_.quantization.reset();
  expectOpenError(StatusCode::AMBIGUOUS, {kQuery, "no quantization_config",
                                          "--weight-scale=multiply", "--weight-scale=divide"});
  options_.weightScale = ScaleDirection::Divide;
  EXPECT_EQ(load(kQuery)->scales, std::vector<float>{2.0f});
  options_.weightScale.reset();
  config_.quantization = QuantizationConfig{false, ScaleDirection::Multiply, {}};
  expectOpenError(StatusCode::AMBIGUOUS, {"quantization_mode \"online\""});
}

TEST_F(CheckpointSourceTest, BadScalesAreRefused) {
  for (uint16_t bits : {0x0000, 0x8000, 0xBF00, 0x7F80, 0x7FC0}) { // 0, -0, -0.5, inf, NaN
    tensors_[kQuery + "_scale"].data = halves({bits});
    expectOpenError(StatusCode::MALFORMED, {kQuery + "_scale", "finite scale above 0"});
  }
  config_.quantization->direction = ScaleDirection::Divide;
  tensors_[kQuery + "_scale"].data = halves({0x0001}); // 1 / it is infinite
  expectOpenError(StatusCode::MALFORMED, {"finite scale above 0"});
  tensors_[kQuery + "_scale"] = {"BF16", {2}, halves({0x3F00, 0x3F00})};
  expectOpenError(StatusCode::MISMATCH, {kQuery + "_scale", "expected shape [1]", "found [2]"});
  tensors_[kQuery + "_scale"] = {"I16", {1}, halves({1})};
  expectOpenError(StatusCode::MISMATCH, {"found [1] of I16"});
}

TEST_F(CheckpointSourceTest, AllMissingAndExtraTensorsAreListed) {
  tensors_.erase(kNorm);
  tensors_.erase(kUp + "_scale");
  tensors_["model.layers.1.input_layernorm.weight"] = tensors_["model.embed_tokens.weight"];
  tensors_["extra"] = {"F32", {1}, floats({1})};
  expectOpenError(StatusCode::MISSING,
                  {"missing (2)", kNorm, kUp + "_scale", "not expected (2)", "extra",
                   "model.layers.1.input_layernorm.weight", "1 layers"});
  tensors_[kNorm] = {"F32", {4}, floats({1, 1, 1, 1})};
  tensors_[kUp + "_scale"] = tensors_[kQuery + "_scale"];
  expectOpenError(StatusCode::MISMATCH, {"not expected (2)"});
  tensors_.erase("extra");
  tensors_.erase("model.layers.1.input_layernorm.weight");
  // Stored by some frameworks, needed by none.
  tensors_["model.layers.0.self_attn.rotary_emb.inv_freq"] = {"F32", {1}, floats({1})};
  tensors_["lm_head.weight"] = tensors_["model.embed_tokens.weight"];
  EXPECT_TRUE(open().ok());
  config_.tied = false;
  EXPECT_TRUE(open().ok());
  tensors_.erase("lm_head.weight");
  expectOpenError(StatusCode::MISSING, {"missing (1): lm_head.weight", "tie_word_embeddings"});
}

TEST_F(CheckpointSourceTest, ConfigAndTensorsMustAgree) {
  std::map<std::string, TestTensor> good = tensors_;
  tensors_[kNorm] = {"F32", {5}, floats({1, 1, 1, 1, 1})};
  expectOpenError(StatusCode::MISMATCH, {kNorm, "expected shape [4] by config.json, found [5]"});
  tensors_ = good;
  tensors_[kUp] = {"U8", {6, 4}, std::string(24, '\0')};
  expectOpenError(StatusCode::MISMATCH,
                  {kUp, "expected shape [2, 4] of packed codes", "found [6, 4]"});
  tensors_ = good;
  tensors_[kNorm] = {"I32", {4}, std::string(16, '\0')};
  expectOpenError(StatusCode::UNSUPPORTED, {kNorm, "expected F32, F16 or BF16, found I32"});
  tensors_[kNorm] = {"U8", {4}, std::string(4, '\0')};
  expectOpenError(StatusCode::UNSUPPORTED, {kNorm, "found U8"});
  tensors_ = good;
  tensors_[kUp] = {"F64", {6, 4}, std::string(192, '\0')};
  tensors_.erase(kUp + "_scale");
  expectOpenError(StatusCode::UNSUPPORTED, {kUp, "or packed U8, found F64"});
  tensors_[kUp] = {"BF16", {6, 4}, std::string(48, '\0')};
  expectOpenError(StatusCode::MISMATCH,
                  {kUp, "expected packed U8 codes", "\"quantization_mode\": \"online\""});
  config_.quantization->notConverted = {"up_proj"};
  EXPECT_TRUE(open().ok());
  tensors_ = good;
  expectOpenError(StatusCode::MISMATCH, {kUp, "modules_to_not_convert"});
}

TEST_F(CheckpointSourceTest, MasterWeights) {
  config_.quantization->offline = false;
  for (const ExpectedTensor &tensor : expectedTensors(config_))
    if (tensor.projection) {
      tensors_.erase(tensor.name + "_scale");
      std::vector<uint64_t> shape(tensor.shape.begin(), tensor.shape.end());
      tensors_[tensor.name] = {"BF16", shape, std::string(2 * shape[0] * shape[1], '\0')};
    }
  Result<std::shared_ptr<CheckpointSource>> source = open();
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_FALSE((*source)->hasPacked());
  EXPECT_EQ((*source)->typeOf(kUp), ElementType::BF16);
  EXPECT_EQ((*source)->load(kUp)->type, ElementType::BF16);
}

TEST_F(CheckpointSourceTest, Code3IsRefusedWithItsPlace) {
  // up_proj: 6 rows, 2 rows of bytes: row i * 2 + r is in byte row r at bits 2i.
  for (unsigned byte = 0; byte < 8; ++byte)
    for (unsigned part = 0; part < 4; ++part) {
      tensors_[kUp].data = std::string(8, char(0x24));
      tensors_[kUp].data[byte] = char(0x24 | 3 << (2 * part));
      std::string place = "row " + std::to_string(part * 2 + byte / 4) + ", column " +
                          std::to_string(byte % 4) + ": code 3";
      expectStatus(load(kUp).status(), StatusCode::MALFORMED, {kUp, place});
    }
  // All bytes without code 3 are accepted.
  for (unsigned byte = 0; byte < 256; ++byte) {
    bool bad = byte & (byte >> 1) & 0x55;
    tensors_[kUp].data = std::string(8, char(byte));
    EXPECT_EQ(load(kUp).ok(), !bad) << byte;
  }
}

TEST_F(CheckpointSourceTest, NonFiniteWeights) {
  float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  const std::string embed = "model.embed_tokens.weight";
  std::vector<float> values(20, 1.0f);
  values[6] = nan;
  values[7] = -infinity;
  tensors_[embed].data = floats(values);
  expectStatus(load(embed).status(), StatusCode::MALFORMED,
               {embed, "row 1, column 2", "found NaN", "--nonfinite=zero"});
  values[6] = infinity;
  tensors_[embed].data = floats(values);
  expectStatus(load(embed).status(), StatusCode::MALFORMED, {"found an infinity"});
  values[6] = nan;
  tensors_[embed].data = floats(values);
  auto read = [&](NonFinite mode) {
    options_.nonFinite = mode;
    Result<TensorData> data = load(embed);
    std::vector<float> result(20);
    EXPECT_EQ(data->size, 80u);
    std::memcpy(result.data(), data->bytes, 80);
    return result;
  };
  // The values are replaced where weights are evaluated, not here.
  for (NonFinite mode : {NonFinite::Zero, NonFinite::Clamp}) {
    std::vector<float> result = read(mode);
    EXPECT_TRUE(std::isnan(result[6]));
    EXPECT_EQ(result[7], -infinity);
  }
}

TEST_F(CheckpointSourceTest, NonFiniteHalves) {
  struct Case {
    const char *type;
    uint16_t infinity, nan, largest;
  };
  for (Case c : {Case{"F16", 0x7C00, 0x7E00, 0x7BFF}, Case{"BF16", 0x7F80, 0x7F81, 0x7F7F}}) {
    tensors_[kNorm] = {c.type, {4}, halves({1, c.infinity, c.nan, uint16_t(c.infinity | 0x8000)})};
    options_.nonFinite = NonFinite::Refuse;
    expectStatus(load(kNorm).status(), StatusCode::MALFORMED, {"column 1", "an infinity"});
    // The largest finite values are no infinities.
    tensors_[kNorm].data = halves({1, c.largest, 0, uint16_t(c.largest | 0x8000)});
    EXPECT_TRUE(load(kNorm).ok());
  }
}

} // namespace
