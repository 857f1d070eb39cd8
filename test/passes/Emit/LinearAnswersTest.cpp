#include "passes/Emit/LinearAnswers.h"
#include "runtime/format/LayoutCodec.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lobit;

namespace {

LinearInfo layer(Scheme scheme, Granularity granularity, uint32_t group = 0) {
  LinearInfo linear;
  linear.scheme = scheme;
  linear.layout = scheme == Scheme::Ternary ? Layout::T2Dot
                  : scheme == Scheme::Int8  ? Layout::I8Dot
                                            : Layout::RowMajor;
  linear.granularity = granularity;
  linear.groupSize = group;
  linear.scaleType = granularity == Granularity::None ? ScaleType::None : ScaleType::F16;
  linear.out = 5;
  linear.in = 70;
  return linear;
}

TEST(LinearAnswers, ExtremesAreTheSumsTheyMustBe) {
  // x quantizes to +-127 with scale 1; all weights are as large as they can be.
  for (auto [linear, largest] :
       {std::pair<LinearInfo, float>{layer(Scheme::Ternary, Granularity::Tensor), 1},
        {layer(Scheme::Ternary, Granularity::Group, 32), 1},
        {layer(Scheme::Int8, Granularity::Row), 127},
        {layer(Scheme::BF16, Granularity::None), 1}}) {
    for (auto [pattern, sign] : {std::pair<AnswerPattern, float>{AnswerPattern::Positive, 1},
                                 {AnswerPattern::Negative, -1}}) {
      LinearAnswer answer;
      answer.pattern = pattern;
      answer.rows = 2;
      Result<std::vector<float>> outputs = linearOutputs(linear, answer, 2);
      ASSERT_TRUE(outputs.ok());
      ASSERT_EQ(outputs->size(), 10u);
      for (float y : *outputs)
        EXPECT_EQ(y, sign * 127 * largest * 70);
    }
    LinearAnswer answer;
    answer.pattern = AnswerPattern::Alternating;
    Result<std::vector<float>> outputs = linearOutputs(linear, answer, 2);
    for (size_t row = 0; row < outputs->size(); ++row)
      EXPECT_EQ((*outputs)[row], (row % 2 ? -1 : 1) * 127 * largest * 70);
  }
}

TEST(LinearAnswers, BiasIsAdded) {
  LinearInfo linear = layer(Scheme::Ternary, Granularity::Tensor);
  linear.bias = Scheme::F16;
  LinearAnswer answer;
  answer.pattern = AnswerPattern::Positive;
  EXPECT_EQ((*linearOutputs(linear, answer, 2))[0], 127 * 70 + 1);
}

/// The encoded operands are the same numbers.
TEST(LinearAnswers, OperandsAreEncodedExactly) {
  for (Scheme scheme : {Scheme::F32, Scheme::F16, Scheme::BF16}) {
    LinearInfo linear = layer(scheme, Granularity::None);
    linear.bias = scheme;
    LinearAnswer answer;
    answer.seed = 5;
    LinearOperands operands = *makeLinearOperands(linear, answer);
    EncodedLinear encoded = *encodeLinearOperands(linear, operands);
    ASSERT_EQ(encoded.weights.size(), 350 * elementBytes(scheme));
    for (size_t i = 0; i < 350; ++i) {
      float value;
      if (scheme == Scheme::F32) {
        uint32_t bits = loadU32(encoded.weights.data() + 4 * i);
        memcpy(&value, &bits, 4);
      } else {
        uint32_t half = encoded.weights[2 * i] | encoded.weights[2 * i + 1] << 8;
        if (scheme == Scheme::BF16) {
          uint32_t bits = half << 16;
          memcpy(&value, &bits, 4);
        } else {
          int exponent = half >> 10 & 31;
          value = exponent ? std::ldexp(float(1024 + (half & 1023)), exponent - 25) : 0.0f;
          value = half & 0x8000 ? -value : value;
        }
      }
      ASSERT_EQ(value, operands.values[i]) << schemeWord(scheme) << " " << i;
    }
  }
  LinearInfo linear = layer(Scheme::Ternary, Granularity::Group, 32);
  LinearAnswer answer;
  LinearOperands operands = *makeLinearOperands(linear, answer);
  EncodedLinear encoded = *encodeLinearOperands(linear, operands);
  EXPECT_EQ(encoded.scales.size(), 5u * 3 * 2);
  std::vector<int8_t> codes(350);
  ASSERT_TRUE(decodeLayout(linear.layout, encoded.weights.data(), 5, 70, codes.data()).ok());
  EXPECT_EQ(codes, operands.codes);
}

/// Rows that are made alone are those of the whole.
TEST(LinearAnswers, RowsAreMadeOneByOne) {
  for (LinearInfo linear :
       {layer(Scheme::F32, Granularity::None), layer(Scheme::Ternary, Granularity::Tensor),
        layer(Scheme::Ternary, Granularity::Group, 32), layer(Scheme::Int8, Granularity::Row),
        layer(Scheme::Int6, Granularity::Row)})
    for (AnswerPattern pattern : {AnswerPattern::Random, AnswerPattern::Alternating}) {
      linear.bias = Scheme::F32;
      LinearAnswer answer;
      answer.pattern = pattern;
      answer.seed = 3;
      const LinearOperands whole = *makeLinearOperands(linear, answer);
      LinearOperands joined;
      auto append = [](auto &to, const auto &from) {
        to.insert(to.end(), from.begin(), from.end());
      };
      for (uint64_t row = 0; row < linear.out; ++row) {
        const LinearOperands one = *makeLinearRows(linear, answer, row, 1);
        EXPECT_EQ(one.x, whole.x);
        append(joined.codes, one.codes);
        append(joined.values, one.values);
        append(joined.bias, one.bias);
        if (linear.granularity == Granularity::Tensor)
          joined.scales = one.scales;
        else
          append(joined.scales, one.scales);
      }
      EXPECT_EQ(joined.codes, whole.codes);
      EXPECT_EQ(joined.values, whole.values);
      EXPECT_EQ(joined.scales, whole.scales);
      EXPECT_EQ(joined.bias, whole.bias);
    }
}

TEST(LinearAnswers, LayersGetExtremesAndSeveralRows) {
  Metadata metadata;
  metadata.maxRows = 64;
  metadata.linears = {layer(Scheme::Ternary, Granularity::Row),
                      layer(Scheme::Int8, Granularity::Row)};
  std::vector<LinearAnswer> answers = linearQuestions(metadata);
  ASSERT_EQ(answers.size(), 10u);
  EXPECT_EQ(answers[2].rows, 5u);
  EXPECT_EQ(answers[9].function, 2u);
  ASSERT_TRUE(answerLinears(metadata, answers, 2).ok());
  // The arithmetic of format 1.0.
  EXPECT_EQ(hexText(answers[2].digest).substr(0, 16), "78ec1f78de233892");
  EXPECT_EQ(hexText(answers[9].digest).substr(0, 16), "17a32b49d7c369e2");
}

} // namespace
