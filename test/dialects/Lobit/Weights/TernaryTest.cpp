#include "WeightTesting.h"
#include "dialects/Lobit/Weights/FloatFormats.h"

#include <gtest/gtest.h>

using namespace lobit;

using Codes = std::vector<int8_t>;

static constexpr TernaryMethod allMethods[] = {TernaryMethod::Absmean, TernaryMethod::AbsmeanHf,
                                               TernaryMethod::AbsmeanBlock,
                                               TernaryMethod::AbsmeanRefit, TernaryMethod::Optimal};

static CodedWeight quantize(const std::vector<float> &values, int64_t rows, int64_t columns,
                            TernaryMethod method, const ScaleGrid &grid) {
  return *quantizeTernary(tensorOf(values, rows, columns), method, grid, ScaleType::F32, 1);
}

// Eight weights with mean magnitude 0.5 and two pairs exactly on a threshold.
static const std::vector<float> ties = {1, -1, .25f, -.25f, .75f, -.75f, 0, 0};

TEST(Ternary, TiesGoToEvenExceptInTheBlockMethod) {
  ScaleGrid grid = tensorGrid(1, 8);
  CodedWeight even = quantize(ties, 1, 8, TernaryMethod::Absmean, grid);
  EXPECT_EQ(even.codes, Codes({1, -1, 0, 0, 1, -1, 0, 0}));
  EXPECT_EQ(even.scales[0], 0.5f);
  EXPECT_EQ(quantize(ties, 1, 8, TernaryMethod::AbsmeanHf, grid).codes, even.codes);
  // The sum with 1e-8 is still 0.5 in f32.
  CodedWeight away = quantize(ties, 1, 8, TernaryMethod::AbsmeanBlock, grid);
  EXPECT_EQ(away.codes, Codes({1, -1, 1, -1, 1, -1, 0, 0}));
  EXPECT_EQ(away.scales[0], 0.5f);
  CodedWeight refit = quantize(ties, 1, 8, TernaryMethod::AbsmeanRefit, grid);
  EXPECT_EQ(refit.codes, even.codes);
  EXPECT_EQ(refit.scales[0], 0.875f);
  CodedWeight optimal = quantize(ties, 1, 8, TernaryMethod::Optimal, grid);
  EXPECT_EQ(optimal.codes, even.codes);
  EXPECT_EQ(optimal.scales[0], 0.875f);
}

TEST(Ternary, SquaredErrorOfTheTieVector) {
  FloatTensor weight = tensorOf(ties, 1, 8);
  ScaleGrid grid = tensorGrid(1, 8);
  auto squared = [&](TernaryMethod method) {
    auto coded = quantizeTernary(weight, method, grid, ScaleType::F32, 1);
    return measureError(weight, *coded, grid, 1).errors;
  };
  EXPECT_DOUBLE_EQ(squared(TernaryMethod::AbsmeanBlock), 0.75);
  EXPECT_DOUBLE_EQ(squared(TernaryMethod::Absmean), 0.75);
  EXPECT_DOUBLE_EQ(squared(TernaryMethod::Optimal), 0.1875);
}

TEST(Ternary, RelativeErrorOnGaussianWeights) {
  int64_t rows = 1024, columns = 1024;
  FloatTensor weight = tensorOf(gaussian(rows * columns, 1), rows, columns);
  for (ScaleGrid grid : {tensorGrid(rows, columns), rowGrid(rows, columns)}) {
    EXPECT_NEAR(relativeMse(weight, TernaryMethod::Absmean, grid), 0.263, 0.002);
    EXPECT_NEAR(relativeMse(weight, TernaryMethod::AbsmeanHf, grid), 0.263, 0.002);
    EXPECT_NEAR(relativeMse(weight, TernaryMethod::AbsmeanRefit, grid), 0.213, 0.002);
    EXPECT_NEAR(relativeMse(weight, TernaryMethod::Optimal, grid), 0.190, 0.002);
    EXPECT_NEAR(relativeMse(weight, TernaryMethod::Optimal, grid, ScaleType::F16), 0.190, 0.002);
  }
  ScaleGrid blocks = *absmeanBlockGrid(rows, columns);
  EXPECT_NEAR(relativeMse(weight, TernaryMethod::AbsmeanBlock, blocks), 0.263, 0.002);
}

TEST(Ternary, MeanIsRoundedOnceAndBounded) {
  // 3 * (1 + 2^-23) summed in f32 would round; in f64 it does not.
  std::vector<float> values(3, bitsToFloat(0x3f800001));
  EXPECT_EQ(absmeanScale(values.data(), 3), bitsToFloat(0x3f800001));
  values.assign(10000, 1e-6f);
  EXPECT_EQ(absmeanScale(values.data(), 10000), 1e-5f);
}

TEST(Ternary, NativeGroupsAreKeptByEveryMethodButTheBlockMethod) {
  std::vector<float> values = {.3f, -.3f, 0, 0, -.3f, .3f, -0.0f, 0};
  for (TernaryMethod method : allMethods) {
    CodedWeight coded = quantize(values, 1, 8, method, tensorGrid(1, 8));
    EXPECT_EQ(coded.codes, Codes({1, -1, 0, 0, -1, 1, 0, 0}));
    EXPECT_EQ(coded.scales[0] == .3f, method != TernaryMethod::AbsmeanBlock);
  }
}

TEST(Ternary, ZeroGroupsHaveScaleZero) {
  std::vector<float> values(512, 0.0f);
  values[7] = -0.0f;
  values[256] = 2.0f;
  for (TernaryMethod method : {TernaryMethod::Absmean, TernaryMethod::AbsmeanRefit,
                               TernaryMethod::AbsmeanHf, TernaryMethod::Optimal})
    for (ScaleGrid grid : {rowGrid(2, 256), groupGrid(2, 256, 256)}) {
      CodedWeight coded = quantize(values, 2, 256, method, grid);
      EXPECT_EQ(coded.scales, std::vector<float>({0, 2}));
      EXPECT_EQ(std::count(coded.codes.begin(), coded.codes.end(), 0), 511);
    }
}

TEST(Ternary, DenormalWeights) {
  std::vector<float> values = {1e-45f, -3e-45f, 1e-40f, -1e-40f, 0, 1e-42f, 9e-41f, -1e-45f};
  // Their mean is below 1e-5: absmean makes zeros of them, optimal does not.
  CodedWeight absmean = quantize(values, 1, 8, TernaryMethod::Absmean, tensorGrid(1, 8));
  EXPECT_EQ(absmean.codes, Codes(8, 0));
  EXPECT_EQ(absmean.scales[0], 1e-5f);
  CodedWeight refit = quantize(values, 1, 8, TernaryMethod::AbsmeanRefit, tensorGrid(1, 8));
  EXPECT_EQ(refit.scales[0], 0.0f);
  CodedWeight optimal = quantize(values, 1, 8, TernaryMethod::Optimal, tensorGrid(1, 8));
  EXPECT_EQ(optimal.codes, Codes({0, 0, 1, -1, 0, 0, 1, 0}));
}

TEST(Ternary, HugeWeightsDoNotOverflow) {
  std::vector<float> values = {3e38f, -3e38f, 3e38f, 1e38f, -3.4e38f, 0, 2e38f, 1};
  for (TernaryMethod method : {TernaryMethod::Absmean, TernaryMethod::Optimal}) {
    CodedWeight coded = quantize(values, 1, 8, method, tensorGrid(1, 8));
    EXPECT_TRUE(isFiniteFloat(coded.scales[0]));
    EXPECT_EQ(coded.codes[0], 1);
    EXPECT_EQ(coded.codes[4], -1);
    EXPECT_EQ(coded.codes[7], 0);
  }
}

TEST(Ternary, GroupsNeverCrossRowsAndTheLastIsShorter) {
  // 2 rows of 40 columns in groups of 32: magnitudes 1, 2 / 3, 4.
  std::vector<float> values;
  for (int row = 0; row < 2; ++row)
    for (int column = 0; column < 40; ++column)
      values.push_back(float(1 + 2 * row + (column >= 32)) * (column % 2 ? -1.0f : 1.0f));
  CodedWeight coded = quantize(values, 2, 40, TernaryMethod::Optimal, groupGrid(2, 40, 32));
  EXPECT_EQ(coded.scales, std::vector<float>({1, 2, 3, 4}));
}

TEST(Ternary, F16ScalesAreRoundedAndRefusedWhenTheyDoNotFit) {
  FloatTensor third = tensorOf({1.0f / 3, -1.0f / 3}, 1, 2);
  auto coded = quantizeTernary(third, TernaryMethod::Optimal, tensorGrid(1, 2), ScaleType::F16, 1);
  EXPECT_EQ(coded->scales[0], f16ToFloat(0x3555));
  auto large = quantizeTernary(tensorOf({1, 2, 1e6f, 1}, 2, 2), TernaryMethod::Optimal,
                               groupGrid(2, 2, 32), ScaleType::F16, 1);
  EXPECT_EQ(large.status().code(), StatusCode::RESOURCE_LIMIT);
  EXPECT_EQ(large.status().message(),
            "the scale 1e+06 of tensor 'w', row 1, group 0 overflows f16; use scale type f32");
  auto small = quantizeTernary(tensorOf({1e-9f, 1e-9f}, 1, 2), TernaryMethod::Optimal,
                               tensorGrid(1, 2), ScaleType::F16, 1);
  EXPECT_EQ(small.status().message(),
            "the scale 1e-09 of tensor 'w' underflows f16; use scale type f32");
}

TEST(Ternary, BlocksCrossRows) {
  // Rows of 128: two rows a block.
  std::vector<float> values(4 * 128);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = (i % 3 ? 1.0f : -0.25f) * (i < 256 ? 1.0f : 4.0f);
  ScaleGrid grid = *absmeanBlockGrid(4, 128);
  EXPECT_EQ(grid.granularity, Granularity::Row);
  CodedWeight coded = quantize(values, 4, 128, TernaryMethod::AbsmeanBlock, grid);
  float sum = 0;
  for (int i = 0; i < 256; ++i)
    sum += std::fabs(values[size_t(i)]);
  EXPECT_EQ(coded.scales[0], sum / 256.0f + 1e-8f);
  EXPECT_EQ(coded.scales[1], coded.scales[0]);
  EXPECT_EQ(coded.scales[3], coded.scales[2]);
  EXPECT_NE(coded.scales[2], coded.scales[1]);
  EXPECT_EQ(absmeanBlockGrid(3, 640)->groupSize, 128);
  EXPECT_EQ(absmeanBlockGrid(3, 512)->groupSize, 256);
  EXPECT_EQ(absmeanBlockGrid(2, 10)->granularity, Granularity::Tensor);
  EXPECT_FALSE(absmeanBlockGrid(3, 300).has_value());
  auto refused = quantizeTernary(tensorOf(std::vector<float>(900, 1.0f), 3, 300),
                                 TernaryMethod::AbsmeanBlock, rowGrid(3, 300), ScaleType::F32, 1);
  EXPECT_EQ(refused.status().code(), StatusCode::UNSUPPORTED);
  EXPECT_EQ(refused.status().message(),
            "absmean-block has one scale for 256 consecutive weights, but tensor 'w', row 0 lies "
            "in two such blocks; use absmean-refit or optimal");
}

TEST(Ternary, DetectsTheCoarsestNativeGranularity) {
  auto detect = [](const std::vector<float> &scales, int64_t group, int64_t columns) {
    std::vector<float> values(size_t(2 * columns));
    for (int64_t i = 0; i < 2 * columns; ++i)
      values[size_t(i)] =
          scales[size_t(i / columns * ((columns + group - 1) / group) + i % columns / group) %
                 scales.size()] *
          float((i * 5 + i / 7) % 3 - 1);
    return detectNativeTernary(tensorOf(values, 2, columns));
  };
  EXPECT_EQ(detect({.5f}, 300, 300)->granularity, Granularity::Tensor);
  EXPECT_EQ(detect({.5f, .25f}, 300, 300)->granularity, Granularity::Row);
  EXPECT_EQ(detect({1, 2, 3}, 256, 300)->groupSize, 256);
  EXPECT_EQ(detect({1, 2, 3}, 128, 300)->groupSize, 128);
  EXPECT_EQ(detect({1, 2, 3}, 64, 300)->groupSize, 64);
  EXPECT_EQ(detect({1, 2, 3}, 32, 300)->groupSize, 32);
  EXPECT_FALSE(detect({1, 2, 3}, 16, 300).has_value());
  EXPECT_FALSE(detect({1, 2}, 4, 4).has_value());
  EXPECT_FALSE(detectNativeTernary(tensorOf(gaussian(600, 3), 2, 300)).has_value());
  EXPECT_EQ(detectNativeTernary(tensorOf(std::vector<float>(600, 0.0f), 2, 300))->granularity,
            Granularity::Tensor);
}

TEST(Ternary, ThreadsDoNotChangeAnything) {
  FloatTensor weight = tensorOf(gaussian(37 * 320, 5), 37, 320);
  for (TernaryMethod method : allMethods)
    for (ScaleGrid grid : {tensorGrid(37, 320), rowGrid(37, 320), groupGrid(37, 320, 64)}) {
      auto one = quantizeTernary(weight, method, grid, ScaleType::F32, 1);
      for (unsigned threads : {2u, 3u, 64u}) {
        auto many = quantizeTernary(weight, method, grid, ScaleType::F32, threads);
        ASSERT_EQ(one.ok(), many.ok());
        EXPECT_EQ(one->codes, many->codes);
        EXPECT_EQ(one->scales, many->scales);
        if (one.ok())
          EXPECT_EQ(measureError(weight, *one, grid, 1).errors,
                    measureError(weight, *many, grid, threads).errors);
      }
    }
}

TEST(Ternary, EveryMethodIsInTheList) {
  unsigned count = 0;
  const TernaryMethodInfo *infos = allTernaryMethods(count);
  ASSERT_EQ(count, 5u);
  for (unsigned i = 0; i < count; ++i) {
    EXPECT_EQ(findTernaryMethod(infos[i].word), &infos[i]);
    EXPECT_EQ(&ternaryMethodInfo(infos[i].method), &infos[i]);
  }
  EXPECT_EQ(findTernaryMethod("gptq"), nullptr);
}
