#include "WeightTesting.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Int8.h"
#include "dialects/Lobit/Weights/StoredCodes.h"
#include "dialects/Lobit/Weights/T158.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Sha256.h"

#include <gtest/gtest.h>

using namespace lobit;

using Bytes = std::vector<uint8_t>;
using Codes = std::vector<int8_t>;

// The published test tensor: t[i] = ((5 i + i / 7) mod 3) - 1, scale 0.5.
static Codes testTensor() {
  Codes codes(256);
  for (int i = 0; i < 256; ++i)
    codes[size_t(i)] = int8_t((5 * i + i / 7) % 3 - 1);
  return codes;
}

TEST(T158, PublishedBytes) {
  EXPECT_EQ(packTernaryCodes(Codes({-1, 0, 1, -1}).data(), 4), Bytes({0x24}));
  EXPECT_EQ(packTernaryCodes(Codes({1, -1, 1, -1}).data(), 4), Bytes({0x22}));
  EXPECT_EQ(packTernaryCodes(Codes(4, 0).data(), 4), Bytes({0x55}));
  EXPECT_EQ(packTernaryCodes(Codes(4, 1).data(), 4), Bytes({0xaa}));
  EXPECT_EQ(packTernaryCodes(Codes(4, -1).data(), 4), Bytes({0x00}));
  EXPECT_EQ(packTernaryCodes(Codes({1, -1, 1, -1, 1, -1, 0, 0}).data(), 8), Bytes({0x22, 0x52}));
  EXPECT_EQ(packTernaryCodes(Codes({1, -1, 0, 0, 1, -1, 0, 0}).data(), 8), Bytes({0x52, 0x52}));
  // What is left of the last byte is zeros (01), never -1 (00).
  EXPECT_EQ(packTernaryCodes(Codes({-1}).data(), 1), Bytes({0x54}));
}

TEST(T158, PublishedBlock) {
  float scale = 0.5f;
  Bytes bytes = encodeT158(testTensor().data(), 256, &scale);
  ASSERT_EQ(bytes.size(), 66u);
  EXPECT_EQ(hexText(bytes.data(), 8), "1806868161601818");
  EXPECT_EQ(hexText(Sha256::of(bytes.data(), bytes.size())).substr(0, 16), "b108a82abb7d961c");
}

TEST(T158, RefusesBadBlocks) {
  Codes codes(300, 1);
  float scales[2] = {1, 2};
  Bytes bytes = encodeT158(codes.data(), 300, scales);
  ASSERT_EQ(bytes.size(), 132u);
  EXPECT_EQ(decodeT158(bytes.data(), 131, 300, codes.data(), scales).message(),
            "300 weights take 132 bytes of T158, found 131");
  bytes[66 + 11] = 0xaa;
  EXPECT_EQ(decodeT158(bytes.data(), 132, 300, codes.data(), scales).message(),
            "block 1: element 44 lies past the last weight and is not 0");
  bytes[3] = 0xff;
  Status status = decodeT158(bytes.data(), 132, 300, codes.data(), scales);
  EXPECT_EQ(status.code(), StatusCode::MALFORMED);
  EXPECT_EQ(status.message(), "block 0: element 12 has the invalid ternary code 3");
}

TEST(Tl1, PublishedIndices) {
  Codes codes = testTensor();
  Bytes bytes(*layoutBytes(Layout::T2Tl1, 1, 256, 1));
  ASSERT_TRUE(encodeLayout(Layout::T2Tl1, codes.data(), 1, 256, bytes.data()).ok());
  std::vector<int> indices;
  for (size_t step = 0; step < 4; ++step) { // row 0 of the 32 of each step
    indices.push_back(bytes[32 * step] & 15);
    indices.push_back(bytes[32 * step] >> 4);
  }
  EXPECT_EQ(indices, std::vector<int>({2, 3, 7, 0, 7, 2, 3, 2}));
}

static TensorData dataOf(ElementType type, const Bytes &bytes, std::vector<float> scales) {
  TensorData data;
  data.type = type;
  data.bytes = bytes.data();
  data.size = bytes.size();
  data.scales = std::move(scales);
  return data;
}

TEST(StoredCodes, UnpacksRowsOfFourStrides) {
  std::mt19937_64 random(1);
  for (int64_t rows : {1, 2, 3, 4, 5, 8, 13})
    for (int64_t columns : {1, 7, 8, 9, 64, 67}) {
      Codes codes(size_t(rows * columns));
      for (int8_t &code : codes)
        code = int8_t(int(random() % 3) - 1);
      Bytes packed = packHfTernary(codes.data(), rows, columns);
      ASSERT_EQ(int64_t(packed.size()), (rows + 3) / 4 * columns);
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t c = 0; c < columns; ++c) {
          int64_t quarter = (rows + 3) / 4;
          int code = packed[size_t(row % quarter * columns + c)] >> (2 * (row / quarter)) & 3;
          ASSERT_EQ(code - 1, codes[size_t(row * columns + c)]);
        }
      TensorData data = dataOf(ElementType::HfPackedTernary, packed, {0.5f});
      auto read = readStoredCodes("w", data, tensorGrid(rows, columns), Scheme::Ternary);
      ASSERT_TRUE(read.ok());
      EXPECT_EQ(read->codes, codes);
      EXPECT_EQ(*countPackedZeros("w", data, tensorGrid(rows, columns)),
                std::count(codes.begin(), codes.end(), 0));
    }
}

TEST(StoredCodes, Messages) {
  auto message = [](const TensorData &data, const ScaleGrid &grid, Scheme scheme) {
    return readStoredCodes("w", data, grid, scheme).status().message();
  };
  Bytes packed(2 * 3, 0x55), codes(6, 0);
  packed[4] = 0x75; // bits 4..5 of byte row 1: row 2 * 2 + 1
  EXPECT_EQ(
      message(dataOf(ElementType::HfPackedTernary, packed, {1}), tensorGrid(8, 3), Scheme::Ternary),
      "tensor 'w' has the invalid packed code 3 at row 5, column 1; the file is damaged");
  EXPECT_EQ(
      message(dataOf(ElementType::HfPackedTernary, packed, {1}), tensorGrid(9, 3), Scheme::Ternary),
      "tensor 'w' has 6 bytes of codes, expected 9");
  EXPECT_EQ(
      message(dataOf(ElementType::HfPackedTernary, packed, {1}), rowGrid(8, 3), Scheme::Ternary),
      "tensor 'w' has 1 scales, expected 8");
  EXPECT_EQ(message(dataOf(ElementType::HfPackedTernary, packed, {INFINITY}), tensorGrid(8, 3),
                    Scheme::Ternary),
            "scale 0 of tensor 'w' is not finite; the file is damaged");
  EXPECT_EQ(message(dataOf(ElementType::HfPackedTernary, packed, {1}), rowGrid(8, 3), Scheme::Int8),
            "tensor 'w' holds ternary codes where int8 codes are expected");
  EXPECT_EQ(message(dataOf(ElementType::F32, packed, {1}), tensorGrid(8, 3), Scheme::Ternary),
            "tensor 'w' holds float values where codes are expected");
  codes[4] = 0x80;
  EXPECT_EQ(message(dataOf(ElementType::Int8Codes, codes, {1, 1}), rowGrid(2, 3), Scheme::Int8),
            "tensor 'w' has the code -128, outside -127..127, at row 1, column 1; the file is "
            "damaged");
  codes[4] = 2;
  EXPECT_EQ(message(dataOf(ElementType::Int8Codes, codes, {1}), tensorGrid(2, 3), Scheme::Ternary),
            "tensor 'w' has the code 2, outside -1..1, at row 1, column 1; the file is damaged");
}

TEST(Int8, RoundsHalfToEvenWithTheStoredScale) {
  // amax 127: scale 1.
  FloatTensor weight = tensorOf({127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -126.5f, -0.0f}, 1, 8);
  auto coded = quantizeInt8(weight, ScaleType::F32, 1);
  EXPECT_EQ(coded->codes, Codes({127, 0, 2, 2, 0, -2, -126, 0}));
  EXPECT_EQ(coded->scales[0], 1.0f);
}

TEST(Int8, ClampsWhenTheStoredScaleIsSmaller) {
  // 1.0001 / 127 rounds down in f16, so that 1.0001 / s > 127.5.
  for (float amax = 1; amax < 2; amax += 0.001f) {
    auto coded = quantizeInt8(tensorOf({amax, -amax, amax / 3}, 1, 3), ScaleType::F16, 1);
    EXPECT_EQ(coded->codes[0], -coded->codes[1]);
    EXPECT_NEAR(coded->codes[0], 127, 1);
    EXPECT_EQ(coded->scales[0], f16ToFloat(floatToF16(amax / 127.0f)));
  }
}

TEST(Int8, ZeroAndDenormalRows) {
  auto coded =
      quantizeInt8(tensorOf({0, -0.0f, 1e-45f, -1e-45f, 1e-38f, -1e-38f}, 3, 2), ScaleType::F32, 1);
  EXPECT_EQ(coded->codes, Codes({0, 0, 0, 0, 127, -127}));
  EXPECT_EQ(coded->scales[0], 0.0f);
  EXPECT_EQ(coded->scales[1], 0.0f);
  auto refused = quantizeInt8(tensorOf({1, 1e8f}, 2, 1), ScaleType::F16, 1);
  EXPECT_EQ(refused.status().message(),
            "the scale 787402 of tensor 'w', row 1 overflows f16; use scale type f32");
}

TEST(Int8, ErrorAndThreads) {
  FloatTensor weight = tensorOf(gaussian(513 * 300, 9), 513, 300);
  auto one = quantizeInt8(weight, ScaleType::F32, 1),
       three = quantizeInt8(weight, ScaleType::F32, 3);
  EXPECT_EQ(one->codes, three->codes);
  EXPECT_EQ(one->scales, three->scales);
  QuantizationError error = measureError(weight, *one, rowGrid(513, 300), 2);
  EXPECT_LT(error.relativeMse(), 1e-4);
  EXPECT_GT(error.sqnrDecibel(), 40);
  EXPECT_GT(error.cosine(), 0.9999);
}

TEST(QuantizationError, ByHand) {
  FloatTensor weight = tensorOf({1, -1, 0, 0.5f}, 1, 4);
  CodedWeight coded{{1, -1, 0, 0}, {2}};
  QuantizationError error = measureError(weight, coded, tensorGrid(1, 4), 1);
  EXPECT_EQ(error.count, 4);
  EXPECT_EQ(error.zeroFraction(), 0.5);
  EXPECT_DOUBLE_EQ(error.relativeMse(), 2.25 / 2.25);
  EXPECT_DOUBLE_EQ(error.sqnrDecibel(), 0);
  EXPECT_DOUBLE_EQ(error.cosine(), 4 / std::sqrt(2.25 * 8));
  CodedWeight zero{{0, 0}, {0}};
  QuantizationError none = measureError(tensorOf({0, 0}, 1, 2), zero, tensorGrid(1, 2), 1);
  EXPECT_EQ(none.relativeMse(), 0);
  EXPECT_EQ(none.cosine(), 1);
  EXPECT_TRUE(std::isinf(none.sqnrDecibel()));
}
