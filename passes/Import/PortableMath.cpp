#include "passes/Import/PortableMath.h"

#include <cstdint>
#include <cstring>

namespace lobit {

/// log 2 and pi / 2 as sums: the first parts have 32 and 33 bits, so that their
/// products with the integers below are exact.
static constexpr double kLog2High = 0x1.62e42feep-1;
static constexpr double kLog2Low = 0x1.a39ef35793c76p-33;
static constexpr double kInvLog2 = 0x1.71547652b82fep+0;
static constexpr double kHalfPi1 = 0x1.921fb544p+0;
static constexpr double kHalfPi2 = 0x1.0b4611a6p-34;
static constexpr double kHalfPi3 = 0x1.3198a2e037073p-69;
static constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

/// Round half to even for |x| < 2^51.
static double roundEven(double x) {
  const double magic = 6755399441055744.0; // 1.5 * 2^52
  return (x + magic) - magic;
}

static double powerOfTwo(int64_t exponent) {
  uint64_t bits = uint64_t(exponent + 1023) << 52;
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

double portableExp(double x) {
  // exp(x) = 2^n exp(r), |r| <= log(2) / 2; the Taylor series to r^14 is below 2^-60.
  double n = roundEven(x * kInvLog2);
  double high = x - n * kLog2High, low = n * kLog2Low;
  double r = high - low;
  double term = 1.0;
  for (int k = 14; k >= 2; --k)
    term = 1.0 + term * r / double(k);
  // term = (exp(r) - 1) / r; what the subtraction lost is added back to first order.
  double lost = (high - r) - low;
  double value = 1.0 + (r * term + lost);
  return value * powerOfTwo(int64_t(n));
}

double portableLog(double x) {
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)); s = (m - 1) / (m + 1);
  // log m = 2 (s + s^3/3 + s^5/5 + ...), |s| <= 0.172.
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  int64_t exponent = int64_t(bits >> 52) - 1023;
  bits = (bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
  double m;
  std::memcpy(&m, &bits, sizeof(m));
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  double f = m - 1.0;
  double s = f / (m + 1.0), z = s * s;
  double sum = 0.0;
  for (int k = 23; k >= 3; k -= 2)
    sum = (sum + 1.0 / double(k)) * z;
  // log m = f - s (f - 2 sum): f is exact, the rest is small.
  double e = double(exponent);
  return e * kLog2High - ((s * (f - 2.0 * sum) - e * kLog2Low) - f);
}

/// Series of sin and cos for |r| <= pi/4 with r = high + low.
static double sinSeries(double high, double low) {
  double z = high * high, sum = 0.0;
  for (int k = 19; k >= 3; k -= 2)
    sum = (1.0 - sum) * z / double(k * (k - 1));
  // sin(high) = high - high * sum; its derivative is 1 - z/2 to the order of low.
  return high - (high * sum - low * (1.0 - 0.5 * z));
}

static double cosSeries(double high, double low) {
  double z = high * high, sum = 0.0;
  for (int k = 20; k >= 4; k -= 2)
    sum = (1.0 - sum) * z / double(k * (k - 1));
  // cos(high) = 1 - z/2 * (1 - sum).
  double half = 0.5 * z;
  double head = 1.0 - half;
  return head + ((((1.0 - head) - half) + half * sum) - high * low);
}

/// x - n pi/2 = high + low, |high| <= pi/4; the quadrant is n mod 4.
static unsigned reduce(double x, double &high, double &low) {
  double n = roundEven(x * kTwoOverPi);
  // n kHalfPi1 is exact for |n| <= 2^20, and so is the difference; for larger n both
  // products are split at 2^14 steps of n.
  double coarse = roundEven(n * 0x1p-14) * 0x1p14, fine = n - coarse;
  double a = (x - coarse * kHalfPi1) - fine * kHalfPi1;
  double b1 = coarse * kHalfPi2, b2 = fine * kHalfPi2;
  double t = a - b1;
  double tLost = (a - t) - b1;
  double u = t - b2;
  double uLost = (t - u) - b2;
  double rest = (tLost + uLost) - n * kHalfPi3;
  high = u + rest;
  low = (u - high) + rest;
  return unsigned(int64_t(n) & 3);
}

double portableSin(double x) {
  double high, low;
  switch (reduce(x, high, low)) {
  case 0:
    return sinSeries(high, low);
  case 1:
    return cosSeries(high, low);
  case 2:
    return -sinSeries(high, low);
  default:
    return -cosSeries(high, low);
  }
}

double portableCos(double x) {
  double high, low;
  switch (reduce(x, high, low)) {
  case 0:
    return cosSeries(high, low);
  case 1:
    return -sinSeries(high, low);
  case 2:
    return -cosSeries(high, low);
  default:
    return sinSeries(high, low);
  }
}

double portablePow(double x, double y) { return portableExp(y * portableLog(x)); }

} // namespace lobit
