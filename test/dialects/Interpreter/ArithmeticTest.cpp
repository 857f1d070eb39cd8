// The reference arithmetic against higher precision and against other definitions.
#include "dialects/Interpreter/Arithmetic/Activations.h"
#include "dialects/Interpreter/Arithmetic/Functions.h"
#include "dialects/Interpreter/Arithmetic/Idioms.h"
#include "dialects/Interpreter/Arithmetic/Lanes.h"
#include "dialects/Interpreter/Arithmetic/Linear.h"
#include "dialects/Interpreter/Arithmetic/Steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace lobit;

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

TEST(Functions, RoundHalfEvenIsNearbyint) {
  for (int64_t i = -100000; i <= 100000; ++i) {
    float x = float(i) / 8;
    EXPECT_EQ(reference::roundHalfEven(x), std::nearbyint(x)) << x;
  }
  EXPECT_EQ(reference::roundHalfEven(4194303.5f), 4194304.0f);
  EXPECT_EQ(reference::roundHalfEven(-4194304.0f), -4194304.0f);
}

// The claim of docs/numerics.md: at most 2 ulp for -87 <= x <= 88.
TEST(Functions, ExponentialIsWithinTwoUlp) {
  double worst = 0;
  for (int64_t i = 0; i <= 1750000; ++i) {
    float x = -87.0f + float(i) * 1e-4f;
    if (x > 88.0f)
      break;
    double exact = std::exp(double(x));
    float rounded = float(exact);
    double ulp = double(std::nextafter(rounded, std::numeric_limits<float>::infinity())) - rounded;
    worst = std::max(worst, std::fabs(double(reference::exponential(x)) - exact) / ulp);
  }
  EXPECT_LE(worst, 2.0);
}

TEST(Functions, ExponentialAtItsEnds) {
  EXPECT_EQ(reference::exponential(0.0f), 1.0f);
  EXPECT_EQ(reference::exponential(-0.0f), 1.0f);
  EXPECT_GT(reference::exponential(-87.0f), 0.0f);
  EXPECT_EQ(bitsOf(reference::exponential(std::nextafter(-87.0f, -88.0f))), 0u);
  EXPECT_EQ(bitsOf(reference::exponential(-std::numeric_limits<float>::infinity())), 0u);
  EXPECT_EQ(reference::exponential(1e30f), reference::exponential(88.0f));
}

// Lanes of magnitudes that do not commute in f32: the order is visible in the result.
TEST(Lanes, DotAddsInSixteenLanesAndATree) {
  std::vector<float> a(37), b(37);
  for (int i = 0; i < 37; ++i) {
    a[i] = std::ldexp(1.0f + 0.37f * float(i % 5), i % 24);
    b[i] = (i % 3 ? 1.0f : -1.0f) * (1.0f + 0.11f * float(i));
  }
  float lanes[16];
  for (int lane = 0; lane < 16; ++lane) {
    lanes[lane] = 0;
    for (int k = lane; k < 37; k += 16) {
      float product = a[k] * b[k];
      lanes[lane] += product;
    }
  }
  float eight[8], four[4];
  for (int i = 0; i < 8; ++i)
    eight[i] = lanes[i] + lanes[i + 8];
  for (int i = 0; i < 4; ++i)
    four[i] = eight[i] + eight[i + 4];
  float expected = (four[0] + four[2]) + (four[1] + four[3]);
  EXPECT_EQ(bitsOf(reference::dot(a.data(), b.data(), 37)), bitsOf(expected));
  std::vector<float> ones(37, 1.0f);
  EXPECT_EQ(bitsOf(reference::sum(a.data(), 37)),
            bitsOf(reference::dot(a.data(), ones.data(), 37)));
}

TEST(Idioms, WidenF16IsExactForEveryValue) {
  for (uint32_t bits = 0; bits < 0x10000u; ++bits) {
    float found = reference::widenF16(uint16_t(bits));
    uint32_t exponent = bits >> 10 & 31u, fraction = bits & 1023u;
    double magnitude = exponent == 0 ? std::ldexp(double(fraction), -24)
                                     : std::ldexp(1024.0 + fraction, int(exponent) - 25);
    if (exponent == 31)
      magnitude = fraction ? std::nan("") : INFINITY;
    EXPECT_EQ(std::signbit(found), (bits & 0x8000u) != 0) << bits;
    if (std::isnan(magnitude))
      EXPECT_TRUE(std::isnan(found)) << bits;
    else
      EXPECT_EQ(std::fabs(double(found)), magnitude) << bits;
  }
}

TEST(Idioms, SharesCoverEverythingOnce) {
  for (int64_t count : {0, 1, 5, 64, 1001})
    for (int64_t threads = 1; threads <= 7; ++threads) {
      EXPECT_EQ(reference::shareBegin(count, 0, threads), 0);
      EXPECT_EQ(reference::shareBegin(count, threads, threads), count);
      for (int64_t t = 0; t < threads; ++t)
        EXPECT_LE(reference::shareBegin(count, t, threads),
                  reference::shareBegin(count, t + 1, threads));
    }
}

TEST(Activations, TheLargestBecomes127) {
  std::vector<float> x = {-3.0f, 1.5f, 0.0f, -0.0f};
  std::vector<int8_t> q(4);
  float scale;
  ASSERT_TRUE(reference::quantizeActivations(x.data(), 4, q.data(), scale));
  EXPECT_EQ(q, (std::vector<int8_t>{-127, 64, 0, 0})); // 63.5 rounds to even
  EXPECT_EQ(scale, 3.0f / 127.0f);
}

TEST(Activations, TinyRowsUseTheFloor) {
  std::vector<float> x = {1e-7f, -1e-6f};
  std::vector<int8_t> q(2);
  float scale;
  ASSERT_TRUE(reference::quantizeActivations(x.data(), 2, q.data(), scale));
  EXPECT_EQ(q, (std::vector<int8_t>{1, -13}));
  EXPECT_EQ(scale, 1e-5f / 127.0f);
}

TEST(Activations, NonfiniteIsReported) {
  for (float bad : {INFINITY, -INFINITY, std::nanf(""), -std::nanf("")}) {
    std::vector<float> x = {1.0f, bad};
    std::vector<int8_t> q(2);
    float scale;
    EXPECT_FALSE(reference::quantizeActivations(x.data(), 2, q.data(), scale));
  }
}

// All signs alike and all magnitudes at the limit: the dot is the largest there is.
TEST(Linear, SignCoherentExtremesAreExact) {
  int64_t n = 8192;
  std::vector<int8_t> q(n, -128), codes(n, -127);
  EXPECT_EQ(reference::dotCodes(q.data(), codes.data(), n), 128 * 127 * 8192);
}

TEST(Linear, GroupsAreAddedInOrder) {
  // With scales 2^24, 1, -2^24 and dots 127 each the order shows: (big + small) - big = 0.
  std::vector<int8_t> codes(96);
  codes[0] = codes[32] = codes[64] = 1;
  std::vector<float> x(96, 127.0f), scales = {16777216.0f, 0.001f, -16777216.0f};
  reference::Matrix weight;
  weight.rows = 1;
  weight.columns = 96;
  weight.codes = codes.data();
  weight.scales = scales.data();
  weight.granularity = Granularity::Group;
  weight.groupSize = 32;
  float y;
  ASSERT_TRUE(reference::linear(weight, nullptr, x.data(), &y));
  EXPECT_EQ(y, 0.0f);
}

TEST(Steps, SiluMatchesItsFormula) {
  for (float x : {-90.0f, -20.0f, -1.0f, -0.25f, 0.0f, 0.5f, 3.0f, 88.0f}) {
    double exact = double(x) / (1.0 + std::exp(-double(x)));
    EXPECT_NEAR(reference::gatedSilu(x, 1.0f), exact, 1e-6 * std::fabs(exact) + 1e-30) << x;
  }
}
