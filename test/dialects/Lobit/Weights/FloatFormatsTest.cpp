#include "dialects/Lobit/Weights/FloatFormats.h"
#include "WeightTesting.h"

#include <gtest/gtest.h>
#include <limits>

using namespace lobit;

// Widening against the definition sign * 2^(e - bias) * (1 + m / 2^bits).
TEST(FloatFormats, WidensEveryF16Exactly) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    uint32_t exponent = bits >> 10 & 31, mantissa = bits & 1023;
    double expected = exponent == 0 ? std::ldexp(double(mantissa), -24)
                                    : std::ldexp(1024.0 + mantissa, int(exponent) - 25);
    float value = f16ToFloat(uint16_t(bits));
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(value), mantissa != 0);
      EXPECT_FALSE(isFiniteFloat(value));
      continue;
    }
    EXPECT_EQ(double(value), bits >> 15 ? -expected : expected) << bits;
    EXPECT_EQ(std::signbit(value), bits >> 15 != 0);
    EXPECT_EQ(floatToF16(value), bits);
  }
}

TEST(FloatFormats, Bf16RoundTrips) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = bf16ToFloat(uint16_t(bits));
    if (!std::isnan(value))
      EXPECT_EQ(floatToBf16(value), bits);
    else
      EXPECT_TRUE(std::isnan(bf16ToFloat(floatToBf16(value))));
  }
}

// Narrowing against a search for the nearest neighbour, ties to the even pattern.
TEST(FloatFormats, NarrowsToTheNearestEven) {
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    double below = f16ToFloat(uint16_t(bits));
    double above = bits + 1 == 0x7c00 ? 65536.0 : double(f16ToFloat(uint16_t(bits + 1)));
    float middle = float((below + above) / 2); // exact in f32
    EXPECT_EQ(floatToF16(middle), bits % 2 == 0 ? bits : bits + 1) << bits;
    EXPECT_EQ(floatToF16(std::nextafterf(middle, 0)), bits);
    EXPECT_EQ(floatToF16(std::nextafterf(middle, 1e9f)), bits + 1);
    EXPECT_EQ(floatToF16(-middle), (bits % 2 == 0 ? bits : bits + 1) | 0x8000);
  }
  EXPECT_EQ(floatToF16(65504.0f), 0x7bff);
  EXPECT_EQ(floatToF16(65520.0f), 0x7c00);
  EXPECT_EQ(floatToF16(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(floatToF16(-0.0f), 0x8000);
  EXPECT_TRUE(std::isnan(f16ToFloat(floatToF16(std::nanf("")))));
  EXPECT_EQ(floatToBf16(bitsToFloat(0x3f808000)), 0x3f80);
  EXPECT_EQ(floatToBf16(bitsToFloat(0x3f818000)), 0x3f82);
  EXPECT_EQ(floatToBf16(bitsToFloat(0x3f808001)), 0x3f81);
}

TEST(FloatFormats, RoundHalfEvenEqualsTheInstruction) {
  for (float value :
       {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, 127.49999f, -0.49999997f, 0.0f, 1e-45f, 4194303.5f})
    EXPECT_EQ(roundHalfEven(value), std::nearbyintf(value)) << value;
}

static TensorData dataOf(ElementType type, const std::vector<uint8_t> &bytes) {
  TensorData data;
  data.type = type;
  data.bytes = bytes.data();
  data.size = bytes.size();
  return data;
}

TEST(FloatTensor, WidensUnalignedF16AndBf16) {
  std::vector<uint8_t> bytes = {0xff, 0x00, 0x3c, 0x00, 0xc0};
  TensorData data = dataOf(ElementType::F16, bytes);
  ++data.bytes, --data.size;
  float values[2];
  FloatTensor::create("w", data, 1, 2)->widen(0, 2, values);
  EXPECT_EQ(values[0], 1.0f);
  EXPECT_EQ(values[1], -2.0f);
  data.type = ElementType::BF16;
  FloatTensor::create("w", data, 1, 2)->widen(1, 1, values);
  EXPECT_EQ(values[0], -2.0f);
}

TEST(FloatTensor, RefusesCodesAndWrongSizes) {
  std::vector<uint8_t> bytes(7);
  auto wrong = FloatTensor::create("w", dataOf(ElementType::F32, bytes), 1, 2);
  EXPECT_EQ(wrong.status().code(), StatusCode::MISMATCH);
  EXPECT_EQ(wrong.status().message(), "tensor 'w' has 7 bytes, expected 8 for 1 rows of 2 columns");
  auto codes = FloatTensor::create("w", dataOf(ElementType::Int8Codes, bytes), 1, 7);
  EXPECT_EQ(codes.status().message(), "tensor 'w' holds codes where float values are expected");
}

TEST(FloatTensor, NamesTheFirstNonFiniteWeight) {
  std::vector<float> values(3 * 5000, 1.0f);
  values[2 * 5000 + 4321] = std::nanf("");
  FloatTensor tensor = tensorOf(values, 3, 5000);
  Status status = tensor.checkFinite(NonFinitePolicy::Error);
  EXPECT_EQ(status.code(), StatusCode::MALFORMED);
  EXPECT_EQ(status.message(), "tensor 'w' has a NaN at row 2, column 4321; repair the checkpoint, "
                              "or choose nonfinite=zero or nonfinite=clamp");
  values[7] = -INFINITY;
  EXPECT_EQ(tensorOf(values, 3, 5000).checkFinite(NonFinitePolicy::Error).message(),
            "tensor 'w' has an infinity at row 0, column 7; repair the checkpoint, or choose "
            "nonfinite=zero or nonfinite=clamp");
}

TEST(FloatTensor, ReplacesNonFiniteWeights) {
  std::vector<float> values = {1, -INFINITY, std::nanf(""), -3, INFINITY};
  for (NonFinitePolicy policy : {NonFinitePolicy::Zero, NonFinitePolicy::Clamp}) {
    FloatTensor tensor = tensorOf(values, 1, 5);
    int64_t replaced = 0;
    ASSERT_TRUE(tensor.checkFinite(policy, &replaced).ok());
    EXPECT_EQ(replaced, 3);
    float got[5];
    tensor.widen(0, 5, got);
    float largest = policy == NonFinitePolicy::Clamp ? 3 : 0;
    EXPECT_EQ(std::vector<float>(got, got + 5), std::vector<float>({1, -largest, 0, -3, largest}));
  }
  NonFinitePolicy policy;
  EXPECT_TRUE(parseNonFinitePolicy("clamp", policy));
  EXPECT_EQ(policy, NonFinitePolicy::Clamp);
  EXPECT_FALSE(parseNonFinitePolicy("drop", policy));
}
