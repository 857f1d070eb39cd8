// int6 against vectors, against the encoder it comes from, and at its edges.
#include "dialects/Lobit/Weights/Int6.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Sha256.h"
#include "test/dialects/Lobit/Weights/SeedEncoder.h"
#include "test/dialects/Lobit/Weights/WeightTesting.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace lobit;
using Codes = std::vector<int8_t>;
using Bytes = std::vector<uint8_t>;

namespace {

constexpr Int6Method everyMethod[] = {Int6Method::Magnitude, Int6Method::Seed,
                                      Int6Method::SeedExact};

CodedWeight coded(const std::vector<float> &values, int64_t rows, Int6Method method) {
  FloatTensor tensor = tensorOf(values, rows, int64_t(values.size()) / rows);
  auto result = quantizeInt6(tensor, method, {}, 1);
  EXPECT_TRUE(result.ok()) << result.status().message();
  return *result;
}

/// Payload and metadata of rows of i6_pair24.
std::pair<Bytes, Bytes> parts(const Codes &codes, uint64_t rows) {
  const uint64_t columns = codes.size() / rows, blocks = (columns + 63) / 64;
  Bytes bytes(*layoutBytes(Layout::I6Pair24, rows, columns, 1));
  Status status = encodeLayout(Layout::I6Pair24, codes.data(), rows, columns, bytes.data());
  EXPECT_TRUE(status.ok()) << status.message();
  std::pair<Bytes, Bytes> result;
  for (auto row = bytes.begin(); row != bytes.end(); row += long(blocks) * 28) {
    result.first.insert(result.first.end(), row, row + long(blocks) * 24);
    result.second.insert(result.second.end(), row + long(blocks) * 24, row + long(blocks) * 28);
  }
  return result;
}

std::string shaPrefix(const Bytes &bytes) {
  return hexText(Sha256::of(bytes.data(), bytes.size())).substr(0, 16);
}

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

/// w[r][c] = (((37 c + 11 r) mod 64) - 32) / 64, 2 x 72.
std::vector<float> matrix() {
  std::vector<float> values;
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 72; ++c)
      values.push_back(float((37 * c + 11 * r) % 64 - 32) / 64.0f);
  return values;
}

TEST(Int6, MatrixOfTheSeed) {
  std::vector<float> values = matrix();
  CodedWeight exact = coded(values, 2, Int6Method::SeedExact);
  EXPECT_EQ(Codes(exact.codes.begin(), exact.codes.begin() + 16),
            (Codes{-31, 5, 0, 0, 0, 0, -2, -28, 0, 0, 0, 0, 27, 1, -25, 11}));
  EXPECT_EQ(bitsOf(exact.scales[0]), 0x3c847504u);
  EXPECT_EQ(bitsOf(exact.scales[1]), 0x3c84615bu);
  // No weight of it is small enough to be forced: seed mode agrees.
  CodedWeight seed = coded(values, 2, Int6Method::Seed);
  EXPECT_EQ(seed.scales, exact.scales);

  auto [payload, metadata] = parts(seed.codes, 2);
  ASSERT_EQ(payload.size(), 96u);
  EXPECT_EQ(Bytes(payload.begin(), payload.begin() + 6),
            (Bytes{0x61, 0xe1, 0x93, 0x5b, 0x70, 0x2e}));
  EXPECT_EQ(Bytes(payload.begin() + 48, payload.begin() + 54),
            (Bytes{0x75, 0xf6, 0x97, 0x9c, 0x80, 0x32}));
  EXPECT_EQ(metadata, (Bytes{0xec, 0xd4, 0x8c, 0x4e, 0x4c, 0x44, 0x44, 0x44, //
                             0x99, 0x8c, 0x4e, 0xcd, 0x49, 0x44, 0x44, 0x44}));
  EXPECT_EQ(shaPrefix(payload), "d4feed316d33d532");
  EXPECT_EQ(shaPrefix(metadata), "7c75fabb15e9504f");

  // With the padding that the original makes up.
  Codes padded(2 * 128);
  for (int64_t row = 0; row < 2; ++row)
    EXPECT_EQ(quantizeSeedExactRow(&values[size_t(72 * row)], 72, &padded[size_t(128 * row)]),
              exact.scales[size_t(row)]);
  std::tie(payload, metadata) = parts(padded, 2);
  EXPECT_EQ(shaPrefix(payload), "4a2e34b6dc537f7f");
  EXPECT_EQ(shaPrefix(metadata), "7c75fabb15e9504f");
}

/// Weights of many magnitudes, with zeros, ties and whole chunks of zeros.
std::vector<float> rowOf(int64_t columns, uint64_t seed) {
  std::vector<float> values = gaussian(columns, seed);
  std::mt19937_64 random(seed);
  for (int64_t c = 0; c < columns; ++c) {
    float &value = values[size_t(c)];
    value = std::ldexp(value, -int(random() % 9));
    if (random() % 4 == 0)
      value = 0;
    if (random() % 4 == 0)
      value = random() % 2 ? 0.25f : -0.25f;
    if (c / 8 % 5 == 3)
      value = 0;
  }
  return values;
}

TEST(Int6, SeedModesEqualASecondEncoder) {
  for (int64_t columns = 1; columns <= 600; ++columns) {
    std::vector<float> row = rowOf(columns, uint64_t(columns));
    for (bool fabricate : {false, true}) {
      SeedRow expected = encodeSeedRow(row, fabricate);
      Codes codes(expected.codes.size());
      float scale = fabricate ? quantizeSeedExactRow(row.data(), columns, codes.data())
                              : quantizeSeedRow(row.data(), columns, codes.data());
      ASSERT_EQ(std::vector<int>(codes.begin(), codes.end()), expected.codes) << columns;
      ASSERT_EQ(bitsOf(scale), bitsOf(expected.scale)) << columns;
      auto [payload, metadata] = parts(codes, 1);
      ASSERT_EQ(payload, expected.payload) << columns;
      Bytes words;
      for (uint32_t word : expected.metadata)
        for (int i = 0; i < 4; ++i)
          words.push_back(uint8_t(word >> 8 * i));
      ASSERT_EQ(metadata, words) << columns;
    }
  }
}

TEST(Int6, SeedExactMakesUpWhatTheSeedMakesUp) {
  // Zero chunk; one pair; half a pair; a weight that rounds to 0.
  std::vector<float> values(32);
  values[12] = values[13] = 1;
  values[21] = -0.5f;
  values[24] = 0.001f;
  CodedWeight exact = coded(values, 1, Int6Method::SeedExact);
  EXPECT_EQ(exact.codes, (Codes{1, 1, 1, 1, 0,  0,   0, 0, 1, 1, 0, 0, 31, 31, 0, 0,
                                1, 1, 0, 0, -1, -16, 0, 0, 1, 1, 1, 1, 0,  0,  0, 0}));
  CodedWeight seed = coded(values, 1, Int6Method::Seed);
  EXPECT_EQ(seed.codes, (Codes{0, 0, 0, 0, 0, 0,   0, 0, 0, 0, 0, 0, 31, 31, 0, 0,
                               0, 0, 0, 0, 0, -16, 0, 0, 0, 0, 0, 0, 0,  0,  0, 0}));
}

TEST(Int6, RowsOfZeros) {
  for (int64_t columns : {1, 8, 65}) {
    std::vector<float> zeros(static_cast<size_t>(columns));
    for (Int6Method method : {Int6Method::Magnitude, Int6Method::Seed}) {
      CodedWeight result = coded(zeros, 1, method);
      EXPECT_EQ(result.codes, Codes(static_cast<size_t>(columns)));
      EXPECT_EQ(result.scales, std::vector<float>{0});
    }
    EXPECT_EQ(coded(zeros, 1, Int6Method::SeedExact).scales, std::vector<float>{1e-6f});
  }
}

TEST(Int6, TiesGoToTheFirstPairs) {
  std::vector<float> values = {1, 2, 2, 1, -1, 2, 2, -1, 3, 0, 0, 0, 0, 3, 3, 0};
  for (Int6Method method : {Int6Method::Magnitude, Int6Method::Seed}) {
    Codes codes = coded(values, 1, method).codes;
    for (size_t c : {4u, 5u, 6u, 7u, 9u, 10u, 11u, 12u, 14u, 15u})
      EXPECT_EQ(codes[c], 0) << c;
    for (size_t c : {0u, 1u, 2u, 3u, 8u, 13u})
      EXPECT_NE(codes[c], 0) << c;
  }
}

TEST(Int6, TheWholeRangeIsUsed) {
  // Exact with scale 1/64, which needs -32.
  std::vector<float> values = {-0.5f, 31 / 64.f, 0, 0, 1 / 64.f, -7 / 64.f, 0, 0};
  CodedWeight result = coded(values, 1, Int6Method::Magnitude);
  EXPECT_EQ(result.codes, (Codes{-32, 31, 0, 0, 1, -7, 0, 0}));
  EXPECT_EQ(result.scales, std::vector<float>{1 / 64.f});
}

TEST(Int6, ColumnWeightsChooseThePairs) {
  const std::vector<float> values = {4, 4, 3, 3, 2, 2, 1, 1};
  auto pruned = [&](const float *columnWeights) {
    std::vector<float> row = values;
    prunePairs(row.data(), 8, columnWeights);
    return row;
  };
  EXPECT_EQ(pruned(nullptr), (std::vector<float>{4, 4, 3, 3, 0, 0, 0, 0}));
  const std::vector<float> active = {0, 0, 0, 0, 1, 1, 9, 9};
  EXPECT_EQ(pruned(active.data()), (std::vector<float>{0, 0, 0, 0, 2, 2, 1, 1}));
}

TEST(Int6, ColumnWeightsChooseTheScale) {
  const std::vector<float> row = {1.5f, 1.5f, 46.5f, 0};
  Codes codes(4);
  const std::vector<float> first = {1000, 1000, 0, 0}, last = {0, 0, 1, 1};
  float scale = quantizePrunedRow(row.data(), 4, first.data(), codes.data());
  EXPECT_NEAR(scale * float(codes[0]), 1.5, 1e-6);
  scale = quantizePrunedRow(row.data(), 4, last.data(), codes.data());
  EXPECT_NEAR(scale * float(codes[2]), 46.5, 1e-5);
  // Columns that were never active say nothing: as without weights.
  const std::vector<float> none(4);
  Codes plain(4);
  const float plainScale = quantizePrunedRow(row.data(), 4, nullptr, plain.data());
  EXPECT_EQ(quantizePrunedRow(row.data(), 4, none.data(), codes.data()), plainScale);
  EXPECT_EQ(codes, plain);
}

TEST(Int6, ExtremeMagnitudes) {
  for (float size : {1e-45f, 1e-38f, 1e-20f, 1e20f, 3e38f}) {
    std::vector<float> values = {size, -size, size / 2, 0, 0, 0, 0, 0, -size};
    CodedWeight result = coded(values, 1, Int6Method::Magnitude);
    ASSERT_TRUE(std::isfinite(result.scales[0])) << size;
    if (size > 1e-38f) {
      EXPECT_GE(result.codes[0], 30) << size;
      EXPECT_LE(result.codes[1], -30) << size;
    }
    for (Int6Method method : everyMethod)
      parts(coded(values, 1, method).codes, 1);
  }
}

TEST(Int6, MethodWords) {
  unsigned count = 0;
  const Int6MethodInfo *methods = allInt6Methods(count);
  ASSERT_GE(count, 3u);
  for (unsigned i = 0; i < count; ++i) {
    EXPECT_EQ(findInt6Method(methods[i].word), &methods[i]);
    EXPECT_EQ(&int6MethodInfo(methods[i].method), &methods[i]);
  }
  EXPECT_EQ(findInt6Method("absmax"), nullptr);
}

double relativeError(const std::vector<float> &values, int64_t rows, Int6Method method) {
  FloatTensor tensor = tensorOf(values, rows, int64_t(values.size()) / rows);
  auto result = quantizeInt6(tensor, method, {}, 1);
  return measureError(tensor, *result, rowGrid(rows, tensor.columns()), 1).relativeMse();
}

/// The weights that pruning leaves are 19/24 of the energy of Gaussian weights.
TEST(Int6, GaussianError) {
  std::vector<float> values = gaussian(256 * 1024, 5);
  EXPECT_NEAR(relativeError(values, 256, Int6Method::Magnitude), 5.0 / 24 + 0.0004, 0.003);
  EXPECT_LT(relativeError(values, 256, Int6Method::Magnitude),
            relativeError(values, 256, Int6Method::Seed));
  EXPECT_LT(relativeError(values, 256, Int6Method::Seed),
            relativeError(values, 256, Int6Method::SeedExact));
}

} // namespace
