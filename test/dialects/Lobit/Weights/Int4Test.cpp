#include "dialects/Lobit/Weights/Int4.h"

#include "WeightTesting.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

using namespace lobit;

namespace {

CodedWeight quantize(const std::vector<float> &values, int64_t rows,
                     ScaleType scaleType = ScaleType::F32, unsigned threads = 1) {
  Result<CodedWeight> coded =
      quantizeInt4(tensorOf(values, rows, int64_t(values.size()) / rows), scaleType, threads);
  EXPECT_TRUE(coded.ok()) << coded.status().message();
  return std::move(*coded);
}

double squaredError(const std::vector<float> &row, const CodedWeight &coded) {
  double error = 0;
  for (size_t i = 0; i < row.size(); ++i)
    error += std::pow(double(row[i]) - double(coded.scales[0]) * coded.codes[i], 2);
  return error;
}

TEST(Int4, CodesThatFitExactlyAreFound) {
  std::vector<float> row;
  for (int q = -8; q <= 7; ++q)
    row.push_back(float(q) * 0.375f);
  CodedWeight coded = quantize(row, 1);
  EXPECT_EQ(coded.scales[0], 0.375f);
  for (int q = -8; q <= 7; ++q)
    EXPECT_EQ(coded.codes[size_t(q + 8)], q);
}

TEST(Int4, ZerosAndExtremes) {
  CodedWeight coded = quantize({0, 0, 0, -0.0f, 3e38f, 0, -3e38f, 1e38f, 1e-45f, 0, 0, 0}, 3);
  EXPECT_EQ(std::vector<int8_t>(coded.codes.begin(), coded.codes.begin() + 4),
            std::vector<int8_t>(4));
  EXPECT_EQ(coded.scales[0], 0);
  EXPECT_TRUE(std::isfinite(coded.scales[1]));
  EXPECT_EQ(coded.codes[5], 0);
  EXPECT_EQ(coded.codes[8], 7);
  EXPECT_TRUE(std::isfinite(coded.scales[2]));
}

/// The best quantizer of 16 equal steps leaves 0.01154 of a Gaussian.
TEST(Int4, GaussianErrorIsThatOfTheBestScale) {
  FloatTensor weight = tensorOf(gaussian(8 * 4096, 5), 8, 4096);
  Result<CodedWeight> coded = quantizeInt4(weight, ScaleType::F32, 1);
  double error = measureError(weight, *coded, rowGrid(8, 4096), 1).relativeMse();
  EXPECT_NEAR(error, 0.0116, 0.0004);
}

TEST(Int4, ScalesThatF16CannotHoldAreRefused) {
  Result<CodedWeight> coded = quantizeInt4(tensorOf({1e6f, 2e6f}, 1, 2), ScaleType::F16, 1);
  EXPECT_EQ(coded.status().code(), StatusCode::RESOURCE_LIMIT);
}

RC_GTEST_PROP(Int4Properties, NoWorseThanRoundingToTheLargest, ()) {
  auto row = *rc::gen::nonEmpty<std::vector<float>>().as("row");
  for (float &weight : row)
    weight = std::isfinite(weight) ? std::remainder(weight, 4.0f) : 0;
  CodedWeight coded = quantize(row, 1);
  float largest = 0, most = 0;
  for (float weight : row) {
    largest = std::max(largest, std::max(weight / 7, -weight / 8));
    most = std::max(most, std::fabs(weight));
  }
  CodedWeight plain = coded;
  plain.scales[0] = largest;
  for (size_t i = 0; i < row.size(); ++i) {
    plain.codes[i] = largest > 0
                         ? int8_t(std::nearbyint(std::min(std::max(row[i] / largest, -8.0f), 7.0f)))
                         : int8_t(0);
    RC_ASSERT(coded.codes[i] >= -8 && coded.codes[i] <= 7);
    RC_ASSERT(row[i] != 0 || coded.codes[i] == 0);
  }
  // Up to the rounding of the f32 sums.
  RC_ASSERT(squaredError(row, coded) <=
            squaredError(row, plain) + 1e-5 * double(most) * double(most) * double(row.size()));
}

RC_GTEST_PROP(Int4Properties, ThreadsDoNotChangeTheResult, ()) {
  auto values = *rc::gen::container<std::vector<float>>(
      14 * 9, rc::gen::map(rc::gen::inRange(-1000, 1000), [](int v) { return float(v) / 64; }));
  CodedWeight one = quantize(values, 14), four = quantize(values, 14, ScaleType::F32, 4);
  RC_ASSERT(one.codes == four.codes);
  RC_ASSERT(one.scales == four.scales);
}

} // namespace
