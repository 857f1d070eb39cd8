#include "passes/Import/PortableMath.h"
#include "passes/Import/RopeTable.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace lobit;

namespace {

double relativeError(double found, long double expected) {
  return double(fabsl((found - expected) / expected));
}

uint64_t fnv1a(const uint8_t *bytes, size_t size) {
  uint64_t hash = 14695981039346656037ull;
  for (size_t i = 0; i < size; ++i)
    hash = (hash ^ bytes[i]) * 1099511628211ull;
  return hash;
}

class PortableMathTest : public testing::Test {
protected:
  /// In [low, high).
  double uniform(double low, double high) {
    return low + (high - low) * double(random_() >> 11) * 0x1p-53;
  }
  std::mt19937_64 random_{7};
};

TEST_F(PortableMathTest, ExpAndLogAgreeWithLibm) {
  double worstExp = 0, worstLog = 0, worstNearOne = 0;
  for (int i = 0; i < 200000; ++i) {
    double x = uniform(-700, 700);
    worstExp = std::fmax(worstExp, relativeError(portableExp(x), expl(x)));
    double y = double(expl(uniform(-300, 300)));
    worstLog = std::fmax(worstLog, relativeError(portableLog(y), logl(y)));
    double z = uniform(0.99, 1.01);
    if (z != 1)
      worstNearOne = std::fmax(worstNearOne, relativeError(portableLog(z), logl(z)));
  }
  EXPECT_LT(worstExp, 1e-15);
  EXPECT_LT(worstLog, 1e-15);
  EXPECT_LT(worstNearOne, 1e-15);
  EXPECT_EQ(portableExp(0), 1);
  EXPECT_EQ(portableLog(1), 0);
}

TEST_F(PortableMathTest, SinAndCosAgreeWithLibm) {
  double worst = 0, worstRelative = 0;
  for (int i = 0; i < 400000; ++i) {
    double x = uniform(0, std::exp2(double(i % 28)));
    x = i & 1 ? x : -x;
    worst = std::fmax(worst, double(fabsl(portableSin(x) - sinl(x))));
    worst = std::fmax(worst, double(fabsl(portableCos(x) - cosl(x))));
    if (fabsl(sinl(x)) > 1e-6)
      worstRelative = std::fmax(worstRelative, relativeError(portableSin(x), sinl(x)));
  }
  EXPECT_LT(worst, 1e-15);
  EXPECT_LT(worstRelative, 1e-15);
  EXPECT_EQ(portableSin(0), 0);
  EXPECT_EQ(portableCos(0), 1);
  // Neighbours of multiples of pi / 2, where the reduction cancels most.
  for (int n : {1, 2, 3, 1000, 1 << 20, 1 << 26}) {
    double x = double(n) * 1.5707963267948966;
    EXPECT_NEAR(portableSin(x), double(sinl(x)), 1e-15) << n;
    EXPECT_NEAR(portableCos(x), double(cosl(x)), 1e-15) << n;
  }
}

TEST_F(PortableMathTest, PowAgreesWithLibm) {
  for (double theta : {10000.0, 500000.0, 1000042.0})
    for (int i = 0; i < 64; ++i) {
      double y = -2.0 * i / 128;
      EXPECT_LT(relativeError(portablePow(theta, y), powl(theta, y)), 1e-14);
    }
}

TEST_F(PortableMathTest, RopeTableIsTheFormula) {
  const int64_t positions = 300, headDim = 64;
  std::vector<uint8_t> table = makeRopeTable(positions, headDim, 10000.0);
  ASSERT_EQ(table.size(), size_t(positions * headDim * 4));
  auto at = [&](int64_t position, int64_t i) {
    float value;
    std::memcpy(&value, table.data() + 4 * (position * headDim + i), 4);
    return value;
  };
  for (int64_t position = 0; position < positions; ++position)
    for (int64_t i = 0; i < headDim / 2; ++i) {
      float frequency = float(powl(10000.0L, -2.0L * i / headDim));
      float angle = float(position) * frequency;
      ASSERT_EQ(at(position, i), float(cosl(angle))) << position << " " << i;
      ASSERT_EQ(at(position, i + headDim / 2), float(sinl(angle))) << position << " " << i;
    }
}

TEST_F(PortableMathTest, BitsAreTheSameInEveryBuild) {
  // Recorded once: a compiler or machine that gives other bits fails here.
  std::vector<uint8_t> table = makeRopeTable(4096, 128, 500000.0);
  EXPECT_EQ(fnv1a(table.data(), table.size()), 2719361710843320369u);
  std::vector<double> values;
  for (int i = 0; i < 4096; ++i) {
    double x = double(i) * 0.3125 - 640;
    values.push_back(portableExp(x));
    values.push_back(portableLog(double(i) + 0.375));
    values.push_back(portableSin(x * 1000));
    values.push_back(portableCos(x * 1000));
  }
  EXPECT_EQ(fnv1a(reinterpret_cast<const uint8_t *>(values.data()), 8 * values.size()),
            4105432132373306730u);
}

} // namespace
