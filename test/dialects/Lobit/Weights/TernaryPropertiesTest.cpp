#include "WeightTesting.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/T158.h"
#include "runtime/format/LayoutCodec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace lobit;

// Weights with ties, zeros, denormals and large values among ordinary ones.
static std::vector<float> weights(int64_t size) {
  auto seed = *rc::gen::arbitrary<uint32_t>();
  std::vector<float> values = gaussian(size, seed);
  std::mt19937_64 random(seed + 1);
  for (float &value : values)
    switch (random() % 16) {
    case 0:
      value = 0;
      break;
    case 1:
      value = -0.0f;
      break;
    case 2:
      value = 0.5f;
      break;
    case 3:
      value = 1e-41f;
      break;
    case 4:
      value *= 1024;
      break;
    default:
      break;
    }
  return values;
}

static ScaleGrid anyGrid(int64_t rows, int64_t columns) {
  return *rc::gen::element(tensorGrid(rows, columns), rowGrid(rows, columns),
                           groupGrid(rows, columns, 32), groupGrid(rows, columns, 64),
                           groupGrid(rows, columns, 128), groupGrid(rows, columns, 256));
}

static std::vector<float> dequantize(const CodedWeight &coded, const ScaleGrid &grid) {
  std::vector<float> values(coded.codes.size());
  for (int64_t index = 0; index < grid.count(); ++index)
    for (int64_t i = grid.first(index); i < grid.first(index) + grid.size(index); ++i)
      values[size_t(i)] = coded.scales[size_t(index)] * float(coded.codes[size_t(i)]);
  return values;
}

static TernaryMethod anyNativeMethod() {
  return *rc::gen::element(TernaryMethod::Absmean, TernaryMethod::AbsmeanHf,
                           TernaryMethod::AbsmeanRefit, TernaryMethod::Optimal);
}

RC_GTEST_PROP(TernaryProperties, ScalesCoverEveryWeightOnce, ()) {
  auto rows = *rc::gen::inRange<int64_t>(1, 9), columns = *rc::gen::inRange<int64_t>(1, 601);
  ScaleGrid grid = anyGrid(rows, columns);
  int64_t next = 0;
  for (int64_t index = 0; index < grid.count(); ++index) {
    RC_ASSERT(grid.first(index) == next);
    RC_ASSERT(grid.size(index) > 0);
    next += grid.size(index);
  }
  RC_ASSERT(next == rows * columns);
}

RC_GTEST_PROP(TernaryProperties, QuantizingTwiceChangesNothing, ()) {
  auto rows = *rc::gen::inRange<int64_t>(1, 5), columns = *rc::gen::inRange<int64_t>(1, 601);
  ScaleGrid grid = anyGrid(rows, columns);
  FloatTensor weight = tensorOf(weights(rows * columns), rows, columns);
  auto first = quantizeTernary(weight, anyNativeMethod(), grid, ScaleType::F32, 1);
  RC_ASSERT(first.ok());
  FloatTensor again = tensorOf(dequantize(*first, grid), rows, columns);
  auto second = quantizeTernary(again, anyNativeMethod(), grid, ScaleType::F32, 1);
  RC_ASSERT(second->codes == first->codes);
  for (int64_t index = 0; index < grid.count(); ++index) {
    // A scale without nonzero codes has no value to keep.
    bool used = false;
    for (int64_t i = grid.first(index); i < grid.first(index) + grid.size(index); ++i)
      used |= first->codes[size_t(i)] != 0;
    RC_ASSERT(second->scales[size_t(index)] == (used ? first->scales[size_t(index)] : 0.0f));
  }
  RC_ASSERT(measureError(again, *second, grid, 1).errors == 0);
}

RC_GTEST_PROP(TernaryProperties, OptimalIsNeverWorseThanTheOthers, ()) {
  auto columns = *rc::gen::inRange<int64_t>(1, 601);
  FloatTensor weight = tensorOf(weights(columns), 1, columns);
  ScaleGrid grid = rowGrid(1, columns);
  double best = relativeMse(weight, TernaryMethod::Optimal, grid);
  double refit = relativeMse(weight, TernaryMethod::AbsmeanRefit, grid);
  double absmean = relativeMse(weight, TernaryMethod::Absmean, grid);
  RC_ASSERT(best <= refit * (1 + 1e-6) + 1e-12);
  RC_ASSERT(refit <= absmean * (1 + 1e-6) + 1e-12);
}

// The minimum over all thresholds, each with its least-squares scale, by brute force.
// Counting finds what sorting finds, bit by bit: among magnitudes that are spread, few, far
// apart, with more than one local maximum, or one.
RC_GTEST_PROP(TernaryProperties, CountedBf16EqualsSorted, ()) {
  std::mt19937_64 random(*rc::gen::arbitrary<uint32_t>());
  std::normal_distribution<double> gaussian;
  for (int kind = 0; kind < 7; ++kind) {
    const auto size = *rc::gen::inRange<int64_t>(1, kind == 0 ? 3000 : 300);
    const int exponent = int(random() % 200) - 110;
    std::vector<uint16_t> stored;
    std::vector<float> values;
    for (int64_t i = 0; i < size; ++i) {
      const double choices[7] = {gaussian(random),
                                 std::exp(3 * gaussian(random)),
                                 std::ldexp(1.0, -int(random() % 9)),
                                 random() % 3 ? 0.4 : 1,
                                 i == 0 ? 100 : 0.4 + 0.01 * double(random() % 5),
                                 1 / double(1 + i),
                                 random() % 2 ? 0 : 1.5};
      const double value = std::ldexp(choices[kind], exponent);
      stored.push_back(floatToBf16(float(random() % 2 ? value : -value)));
      values.push_back(bf16ToFloat(stored.back()));
    }
    std::vector<int8_t> counted(stored.size()), sorted(stored.size());
    std::optional<float> scale =
        quantizeOptimalBf16(reinterpret_cast<const uint8_t *>(stored.data()), size, counted.data());
    RC_TAG(scale.has_value());
    if (!scale)
      continue;
    RC_ASSERT(floatBits(*scale) == floatBits(quantizeOptimal(values.data(), size, sorted.data())));
    RC_ASSERT(counted == sorted);
    RC_ASSERT(floatBits(*scale) ==
              floatBits(nativeMagnitude(values.data(), size).value_or(*scale)));
  }
}

RC_GTEST_PROP(TernaryProperties, OptimalIsTheMinimum, ()) {
  auto columns = *rc::gen::inRange<int64_t>(1, 40);
  std::vector<float> values = weights(columns);
  ScaleGrid grid = rowGrid(1, columns);
  double best = relativeMse(tensorOf(values, 1, columns), TernaryMethod::Optimal, grid);
  double total = 0, least = 1;
  for (float value : values)
    total += double(value) * double(value);
  RC_PRE(total > 0);
  for (float threshold : values) {
    double sum = 0, count = 0;
    for (float value : values)
      if (std::fabs(value) >= std::fabs(threshold) && value != 0) {
        sum += std::fabs(double(value));
        ++count;
      }
    if (count > 0)
      least = std::min(least, 1 - sum * sum / count / total);
  }
  RC_ASSERT(best <= least + 1e-6);
}

RC_GTEST_PROP(TernaryProperties, T158RoundTrips, ()) {
  auto size = *rc::gen::inRange<int64_t>(1, 601);
  auto codes =
      *rc::gen::container<std::vector<int8_t>>(size_t(size), rc::gen::inRange<int8_t>(-1, 2));
  std::vector<float> scales;
  for (int64_t block = 0; block < (size + 255) / 256; ++block)
    scales.push_back(f16ToFloat(*rc::gen::inRange<uint16_t>(0, 0x7c00)));
  std::vector<uint8_t> bytes = encodeT158(codes.data(), size, scales.data());
  std::vector<int8_t> decoded(static_cast<size_t>(size));
  std::vector<float> decodedScales(scales.size());
  RC_ASSERT(
      decodeT158(bytes.data(), bytes.size(), size, decoded.data(), decodedScales.data()).ok());
  RC_ASSERT(decoded == codes);
  RC_ASSERT(decodedScales == scales);
}

RC_GTEST_PROP(TernaryProperties, EveryLayoutRoundTrips, ()) {
  auto rows = *rc::gen::inRange<int64_t>(1, 70), columns = *rc::gen::inRange<int64_t>(1, 601);
  Layout layout = *rc::gen::element(Layout::T2Dot, Layout::T2Tl1, Layout::I8Dot);
  int limit = layout == Layout::I8Dot ? 127 : 1;
  std::mt19937_64 random(*rc::gen::arbitrary<uint32_t>());
  std::vector<int8_t> codes(size_t(rows * columns));
  for (int8_t &code : codes)
    code = int8_t(int(random() % uint64_t(2 * limit + 1)) - limit);
  auto size = layoutBytes(layout, uint64_t(rows), uint64_t(columns), 1);
  std::vector<uint8_t> bytes(*size);
  RC_ASSERT(
      encodeLayout(layout, codes.data(), uint64_t(rows), uint64_t(columns), bytes.data()).ok());
  std::vector<int8_t> decoded(codes.size());
  RC_ASSERT(
      decodeLayout(layout, bytes.data(), uint64_t(rows), uint64_t(columns), decoded.data()).ok());
  RC_ASSERT(decoded == codes);
}
