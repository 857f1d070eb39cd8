// Properties of int6 for any matrix of small multiples of 2^-6, on which scores are exact.
#include "dialects/Lobit/Weights/Int6.h"
#include "runtime/format/LayoutCodec.h"
#include "test/dialects/Lobit/Weights/WeightTesting.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace lobit;

namespace {

struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;

  FloatTensor tensor() const { return tensorOf(values, rows, columns); }
};

Matrix anyMatrix() {
  Matrix matrix;
  matrix.rows = *rc::gen::inRange<int64_t>(1, 5);
  matrix.columns = *rc::gen::inRange<int64_t>(1, 150);
  int limit = *rc::gen::element(2, 40, 5000);
  auto numbers = *rc::gen::container<std::vector<int>>(size_t(matrix.rows * matrix.columns),
                                                       rc::gen::inRange(-limit, limit + 1));
  for (int number : numbers)
    matrix.values.push_back(std::ldexp(float(number), -6));
  return matrix;
}

Int6Method anyMethod() {
  return *rc::gen::element(Int6Method::Magnitude, Int6Method::Seed, Int6Method::SeedExact);
}

CodedWeight coded(const Matrix &matrix, Int6Method method, unsigned threads = 1) {
  return *quantizeInt6(matrix.tensor(), method, {}, threads);
}

RC_GTEST_PROP(Int6Properties, CodesSurviveTheirBytes, ()) {
  Matrix matrix = anyMatrix();
  CodedWeight weight = coded(matrix, anyMethod());
  const uint64_t rows = uint64_t(matrix.rows), columns = uint64_t(matrix.columns);
  std::vector<uint8_t> bytes(*layoutBytes(Layout::I6Pair24, rows, columns, 1));
  RC_ASSERT(encodeLayout(Layout::I6Pair24, weight.codes.data(), rows, columns, bytes.data()).ok());
  std::vector<int8_t> codes(weight.codes.size());
  RC_ASSERT(decodeLayout(Layout::I6Pair24, bytes.data(), rows, columns, codes.data()).ok());
  RC_ASSERT(codes == weight.codes);
}

RC_GTEST_PROP(Int6Properties, ZerosStayZeros, ()) {
  Matrix matrix = anyMatrix();
  CodedWeight weight = coded(matrix, *rc::gen::element(Int6Method::Magnitude, Int6Method::Seed));
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    RC_ASSERT(matrix.values[i] != 0 || weight.codes[i] == 0);
    RC_ASSERT(weight.codes[i] == 0 || (weight.codes[i] > 0) == (matrix.values[i] > 0));
  }
  for (float scale : weight.scales)
    RC_ASSERT(scale >= 0);
}

RC_GTEST_PROP(Int6Properties, ThreadsDoNotMatter, ()) {
  Matrix matrix = anyMatrix();
  Int6Method method = anyMethod();
  CodedWeight one = coded(matrix, method, 1), four = coded(matrix, method, 4);
  RC_ASSERT(one.codes == four.codes);
  RC_ASSERT(one.scales == four.scales);
}

RC_GTEST_PROP(Int6Properties, NeverWorseThanTheSeed, ()) {
  Matrix matrix = anyMatrix();
  ScaleGrid grid = rowGrid(matrix.rows, matrix.columns);
  auto error = [&](Int6Method method) {
    return measureError(matrix.tensor(), coded(matrix, method), grid, 1).errors;
  };
  double seed = error(Int6Method::Seed);
  RC_ASSERT(error(Int6Method::Magnitude) <= seed * (1 + 1e-9));
  RC_ASSERT(seed <= error(Int6Method::SeedExact) * (1 + 1e-9));
}

RC_GTEST_PROP(Int6Properties, PowersOfTwoScaleTheScales, ()) {
  Matrix matrix = anyMatrix();
  CodedWeight weight = coded(matrix, Int6Method::Magnitude);
  int exponent = *rc::gen::inRange(-40, 41);
  for (float &value : matrix.values)
    value = std::ldexp(value, exponent);
  CodedWeight scaled = coded(matrix, Int6Method::Magnitude);
  RC_ASSERT(scaled.codes == weight.codes);
  for (size_t row = 0; row < weight.scales.size(); ++row)
    RC_ASSERT(scaled.scales[row] == std::ldexp(weight.scales[row], exponent));
}

RC_GTEST_PROP(Int6Properties, WhatIsInt6AlreadyStaysSo, ()) {
  Matrix matrix = anyMatrix();
  CodedWeight weight = coded(matrix, Int6Method::Magnitude);
  for (int64_t row = 0; row < matrix.rows; ++row) {
    // A code at an end of the range shows the scale.
    weight.codes[size_t(row * matrix.columns)] = *rc::gen::element<int8_t>(-32, 31);
    for (int64_t c = 2; c < std::min<int64_t>(8, matrix.columns); ++c)
      weight.codes[size_t(row * matrix.columns + c)] = 0;
  }
  Matrix again = matrix;
  for (size_t i = 0; i < again.values.size(); ++i)
    again.values[i] = std::ldexp(float(weight.codes[i]), -3);
  CodedWeight result = coded(again, Int6Method::Magnitude);
  RC_ASSERT(result.codes == weight.codes);
  for (float scale : result.scales)
    RC_ASSERT(scale == 0.125f);
}

RC_GTEST_PROP(Int6Properties, PruningKeepsTheMostWeightedEnergy, ()) {
  Matrix matrix = anyMatrix();
  std::vector<float> activity;
  for (int number :
       *rc::gen::container<std::vector<int>>(size_t(matrix.columns), rc::gen::inRange(0, 8)))
    activity.push_back(float(number));
  std::vector<float> pruned(matrix.values.begin(), matrix.values.begin() + matrix.columns);
  prunePairs(pruned.data(), matrix.columns, activity.data());
  auto score = [&](const std::vector<float> &row, int64_t pair) {
    double sum = 0;
    for (int64_t c = 2 * pair; c < std::min(2 * pair + 2, matrix.columns); ++c)
      sum += double(row[size_t(c)]) * double(row[size_t(c)]) * double(activity[size_t(c)]);
    return sum;
  };
  for (int64_t first = 0; first < matrix.columns; first += 8) {
    double kept = 0, best = 0, sums[4] = {};
    for (int64_t pair = 0; pair < 4 && first + 2 * pair < matrix.columns; ++pair) {
      sums[pair] = score(matrix.values, first / 2 + pair);
      kept += score(pruned, first / 2 + pair);
    }
    for (int a = 0; a < 4; ++a)
      for (int b = 0; b < a; ++b)
        best = std::max(best, sums[a] + sums[b]);
    RC_ASSERT(kept == best);
  }
}

} // namespace
