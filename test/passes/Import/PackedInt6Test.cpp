// The int6 exchange form of one matrix, 2 x 72: 9 chunks a row, 7 more of padding.
#include "passes/Import/PackedInt6.h"
#include "test/passes/Import/CheckpointTesting.h"

#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace lobit;
using namespace lobit::test;

namespace {

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), sizeof(T) * values.size());
}

class PackedInt6Test : public testing::Test {
protected:
  static constexpr uint64_t rows = 2, columns = 72;

  PackedInt6Test() {
    // Chunk 0 of row 1 is 5 -3 0 0 -32 31 0 0; all others are zero.
    std::string payload(96, '\0');
    payload.replace(48, 3, "\x45\x0f\x7e");
    tensors_["m.packed_weight"] = {"U8", {96}, payload};
    tensors_["m.metadata"] = {
        "U32", {4}, bytesOf<uint32_t>({0x44444444, 0x44444444, 0x44444448, 0x44444444})};
    tensors_["m.scales"] = {"F32", {2}, bytesOf<float>({0, 0.5f})};
  }

  Safetensors open() {
    std::string file = safetensors(tensors_, metadata_);
    return *Safetensors::openFile(directory_.write("model.safetensors", file));
  }
  Result<TensorData> load() {
    Safetensors file = open();
    if (Status status = checkPackedInt6(file, "m.weight", rows, columns); !status.ok())
      return status;
    return loadPackedInt6(file, "m.weight", rows, columns);
  }
  void expectError(StatusCode code, const std::string &message) {
    Status status = load().status();
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(
        status.message().find(directory_.path() + "/model.safetensors: tensor \"m." + message),
        std::string::npos)
        << message << "\n"
        << status.message();
  }
  char &byteOf(const char *part, size_t at) { return tensors_[std::string("m.") + part].data[at]; }

  TemporaryDirectory directory_;
  std::string metadata_ = "{\"format\":\"int6_2x4_pairwise_sparse\"}";
  std::map<std::string, TestTensor> tensors_;
};

TEST_F(PackedInt6Test, CodesAndScales) {
  Result<TensorData> data = load();
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_EQ(data->type, ElementType::Int8Codes);
  EXPECT_EQ(data->shape, (std::vector<int64_t>{2, 72}));
  std::vector<int> expected(144);
  const int first[8] = {5, -3, 0, 0, -32, 31, 0, 0};
  std::copy(first, first + 8, expected.begin() + 72);
  const auto *codes = reinterpret_cast<const int8_t *>(data->bytes);
  EXPECT_EQ(std::vector<int>(codes, codes + data->size), expected);
  EXPECT_EQ(data->scales, (std::vector<float>{0, 0.5f}));
}

TEST_F(PackedInt6Test, WhatIsThere) {
  EXPECT_TRUE(hasPackedInt6(open(), "m.weight"));
  EXPECT_FALSE(hasPackedInt6(open(), "n.weight"));
  tensors_["m.weight"] = {"F32", {1}, bytesOf<float>({1})};
  EXPECT_FALSE(hasPackedInt6(open(), "m.weight"));
}

TEST_F(PackedInt6Test, TenNibblesAreRefused) {
  for (int nibble : {0, 1, 2, 3, 5, 6, 7, 10, 11, 15}) {
    byteOf("metadata", 8) = char(0x08 | nibble << 4);
    expectError(StatusCode::MALFORMED, "metadata\": row 1, column 8: expected a pair nibble 4, 8, "
                                       "9, 12, 13 or 14, found " +
                                           std::to_string(nibble) + "; the file is damaged");
  }
}

TEST_F(PackedInt6Test, AnyOfTheSixNibblesIsRead) {
  // Pairs 1 and 3 of a chunk of zeros: other encoders name any two.
  byteOf("metadata", 0) = 0x4d;
  EXPECT_TRUE(load().ok());
}

TEST_F(PackedInt6Test, PaddingOfTheOriginalEncoderIsDropped) {
  for (size_t chunk = 9; chunk < 16; ++chunk)
    for (size_t i = 0; i < 3; ++i)
      byteOf("packed_weight", 3 * chunk + i) = "\x41\x10\x04"[i]; // 1 1 1 1
  EXPECT_TRUE(load().ok());
  byteOf("packed_weight", 27) = 0x7f; // -1 in front
  EXPECT_TRUE(load().ok());
  byteOf("packed_weight", 27) = 0x42;
  expectError(StatusCode::MALFORMED,
              "packed_weight\": row 0, column 72: expected 0, 1 or -1 in the padding after column "
              "71, found 2; the file is damaged");
}

TEST_F(PackedInt6Test, MetadataMayBeSignedOrWide) {
  tensors_["m.metadata"] = {"I32", {4}, tensors_["m.metadata"].data};
  byteOf("metadata", 3) = char(0xd4); // negative as I32
  EXPECT_TRUE(load().ok());
  std::vector<uint64_t> words = {0xd4444444, 0x44444444, 0x44444448, 0x44444444};
  tensors_["m.metadata"] = {"I64", {4}, bytesOf(words)};
  EXPECT_TRUE(load().ok());
  words[3] |= 1ull << 32;
  tensors_["m.metadata"].data = bytesOf(words);
  expectError(StatusCode::MALFORMED,
              "metadata\": row 1, column 64: expected a word of 32 bits, found more");
}

TEST_F(PackedInt6Test, TypesAndSizes) {
  auto with = [&](const char *part, const TestTensor &tensor, const std::string &message) {
    auto saved = tensors_;
    tensors_[std::string("m.") + part] = tensor;
    expectError(StatusCode::MISMATCH, part + ("\": " + message));
    tensors_ = saved;
  };
  with("packed_weight", {"I8", {96}, std::string(96, '\0')}, "expected U8 of int6, found I8");
  with("packed_weight", {"U8", {97}, std::string(97, '\0')},
       "expected shape [96] of int6 by config.json, found [97]");
  with("packed_weight", {"U8", {2, 48}, std::string(96, '\0')},
       "expected shape [96] of int6 by config.json, found [2, 48]");
  with("metadata", {"F32", {4}, std::string(16, '\0')},
       "expected U32, I32 or I64 of int6, found F32");
  with("metadata", {"U32", {3}, std::string(12, '\0')},
       "expected shape [4] of int6 by config.json, found [3]");
  with("scales", {"F16", {2}, std::string(4, '\0')}, "expected F32 of int6, found F16");
  with("scales", {"F32", {1}, std::string(4, '\0')},
       "expected shape [2] of int6 by config.json, found [1]");
}

TEST_F(PackedInt6Test, BadScales) {
  for (float scale :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.5f}) {
    tensors_["m.scales"].data = bytesOf<float>({1, scale});
    expectError(StatusCode::MALFORMED,
                "scales\": row 1: expected a finite scale of at least 0, found ");
  }
}

TEST_F(PackedInt6Test, TheFormatIsNamed) {
  metadata_ = "{\"format\":\"int4_4x8_pairwise_sparse\"}";
  expectError(StatusCode::MISMATCH,
              "packed_weight\": expected \"format\": \"int6_2x4_pairwise_sparse\" in "
              "__metadata__, found \"int4_4x8_pairwise_sparse\"; other formats use the same names");
  metadata_ = "";
  expectError(StatusCode::MISMATCH, "packed_weight\": expected \"format\": "
                                    "\"int6_2x4_pairwise_sparse\" in __metadata__, found none");
}

} // namespace
