/// Statistics, their merge, low rank, projection.
#include "runtime/beacon/LowRank.h"
#include "runtime/beacon/Projection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace lobit;
using namespace lobit::beacon;

static std::vector<double> randomRows(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> rows(count);
  for (double &x : rows)
    x = double(int64_t(random() >> 40)) / (1 << 20) - 8;
  return rows;
}

static void expectNear(const std::vector<double> &a, const std::vector<double> &b,
                       double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

TEST(BeaconStatistics, KindsAgreeWithTheDefinition) {
  constexpr uint32_t n = 9, dim = 600; // more than one block of columns
  const std::vector<double> x = randomRows(n * dim, 1);
  const Rows<double> rows(x.data(), n, dim);
  const Moments packed = *momentsOf(rows, SigmaKind::Packed);
  const Moments diagonal = *momentsOf(rows, SigmaKind::Diagonal);
  EXPECT_EQ(packed.mu, diagonal.mu);
  double trace = 0;
  for (uint32_t j = 0; j < dim; ++j) {
    double mean = 0, square = 0;
    for (uint32_t i = 0; i < n; ++i)
      mean += x[i * dim + j];
    mean /= n;
    for (uint32_t i = 0; i < n; ++i)
      square += (x[i * dim + j] - mean) * (x[i * dim + j] - mean);
    EXPECT_EQ(packed.mu[j], mean);
    EXPECT_EQ(packed.diagonal(j), square / n);
    EXPECT_EQ(diagonal.sigma[j], square / n);
    trace += square / n;
  }
  EXPECT_EQ(packed.trace(), trace);
  EXPECT_TRUE(std::isnan(momentsOf(rows, SigmaKind::None)->trace()));
}

TEST(BeaconStatistics, RowsInARing) {
  const std::vector<double> x = {5, 6, 1, 2, 3, 4}; // three rows of two, the second is the first
  const Rows<double> ring(x.data(), 3, 2, 3, 1);
  EXPECT_EQ(momentsOf(ring.slice(0, 2), SigmaKind::None)->mu, (std::vector<double>{2, 3}));
  EXPECT_EQ(momentsOf(ring.slice(2, 3), SigmaKind::None)->mu, (std::vector<double>{5, 6}));
}

TEST(BeaconStatistics, MergeEqualsTheWhole) {
  constexpr uint32_t dim = 5;
  const std::vector<double> x = randomRows(100 * dim, 2);
  const Rows<double> all(x.data(), 100, dim);
  for (SigmaKind kind : {SigmaKind::None, SigmaKind::Diagonal, SigmaKind::Packed})
    for (uint64_t cut : {1u, 37u, 99u}) {
      const Moments whole = *momentsOf(all, kind);
      const Moments merged =
          *merge(*momentsOf(all.slice(0, cut), kind), *momentsOf(all.slice(cut, 100), kind));
      EXPECT_EQ(merged.weight, 100);
      expectNear(merged.mu, whole.mu, 1e-13);
      expectNear(merged.sigma, whole.sigma, 1e-12);
    }
  const Moments a{2, 1, {0, 0}, SigmaKind::Full, {1, 0, 0, 1}},
      b{2, 3, {4, 0}, SigmaKind::Full, {1, 0, 0, 1}};
  EXPECT_EQ(merge(a, b)->sigma, (std::vector<double>{4, 0, 0, 1}));
  const Moments c{2, 1, {0, 0}, SigmaKind::Isotropic, {1}},
      d{2, 3, {4, 0}, SigmaKind::Isotropic, {1}};
  EXPECT_EQ(merge(c, d)->sigma, (std::vector<double>{2.5}));
  EXPECT_EQ(merge(a, c).status().code(), StatusCode::MISMATCH);
}

TEST(BeaconStatistics, RefusesWhatIsNotFinite) {
  std::vector<float> x(12, 1.0f);
  x[7] = INFINITY;
  const Result<Moments> moments = momentsOf(Rows<float>(x.data(), 3, 4), SigmaKind::Diagonal);
  EXPECT_EQ(moments.status().code(), StatusCode::NONFINITE);
  EXPECT_EQ(moments.status().message(), "row 1, column 3 is not finite");
  std::vector<double> large(2, 1.7e308);
  EXPECT_EQ(momentsOf(Rows<double>(large.data(), 2, 1), SigmaKind::None).status().message(),
            "the sum of a column is too large for f64");
  EXPECT_FALSE(momentsOf(Rows<double>(large.data(), 0, 1), SigmaKind::None).ok());
}

TEST(BeaconStatistics, LowRankFindsThePlane) {
  // Rows in a plane of 300 dimensions: rank 2 holds everything.
  constexpr uint32_t n = 20, dim = 300;
  const std::vector<double> c = randomRows(2 * n, 3), directions = randomRows(2 * dim, 4);
  std::vector<double> x(n * dim);
  for (uint32_t i = 0; i < n; ++i)
    for (uint32_t j = 0; j < dim; ++j)
      x[i * dim + j] = 3 * c[2 * i] * directions[j] + c[2 * i + 1] * directions[dim + j];
  const Rows<double> rows(x.data(), n, dim);
  const Moments moments = *momentsOf(rows, SigmaKind::Diagonal);
  const LowRank lowRank = *lowRankOf(rows, moments, 16);
  ASSERT_EQ(lowRank.rank(), 2u);
  EXPECT_GT(lowRank.eigenvalues[0], lowRank.eigenvalues[1]);
  EXPECT_NEAR(lowRank.eigenvalues[0] + lowRank.eigenvalues[1], moments.trace(),
              1e-9 * moments.trace());
  for (double r : lowRank.residual)
    EXPECT_NEAR(r, 0, 1e-9 * moments.trace());
  // Sigma u = lambda u, |u| = 1, largest component positive.
  const Moments full = *momentsOf(rows, SigmaKind::Packed);
  for (uint32_t k = 0; k < 2; ++k) {
    const double *u = &lowRank.eigenvectors[k * dim];
    double length = 0, largest = 0;
    for (uint32_t i = 0; i < dim; ++i) {
      double product = 0;
      for (uint32_t j = 0; j < dim; ++j)
        product += full.sigma[i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i] * u[j];
      EXPECT_NEAR(product, lowRank.eigenvalues[k] * u[i], 1e-8 * lowRank.eigenvalues[0]);
      length += u[i] * u[i];
      if (std::fabs(u[i]) > std::fabs(largest))
        largest = u[i];
    }
    EXPECT_NEAR(length, 1, 1e-12);
    EXPECT_GT(largest, 0);
  }
  const std::vector<double> same(3 * dim, 1.5);
  const Rows<double> constant(same.data(), 3, dim);
  EXPECT_EQ(lowRankOf(constant, *momentsOf(constant, SigmaKind::Diagonal), 4)->rank(), 0u);
  const std::vector<double> many(257);
  const Rows<double> tall(many.data(), 257, 1);
  EXPECT_EQ(lowRankOf(tall, *momentsOf(tall, SigmaKind::Diagonal), 1).status().code(),
            StatusCode::RESOURCE_LIMIT);
}

TEST(BeaconProjection, Ids) {
  EXPECT_EQ(Projection::parse("rp:7:64")->seed, 7u);
  EXPECT_EQ(Projection::parse("rp:18446744073709551615:1")->outputs, 1u);
  for (const char *bad :
       {"id", "rp:", "rp:1", "rp:1:", "rp:1:0", "rp:1:65537", "rp:x:1", "rp:1:1x", "rp:-1:2"})
    EXPECT_FALSE(Projection::parse(bad)) << bad;
}

TEST(BeaconProjection, SignsAreThoseOfSplitMix) {
  // Straight from the formula, for outputs that do not divide 64.
  const Projection projection = *Projection::parse("rp:42:5");
  const std::vector<double> x = randomRows(40, 6);
  double y[5], want[5] = {};
  projection.apply(x.data(), x.size(), y);
  for (uint64_t i = 0; i < x.size(); ++i)
    for (uint64_t j = 0; j < 5; ++j) {
      const uint64_t n = i * 5 + j;
      uint64_t z = 42 + (n / 64 + 1) * 0x9E3779B97F4A7C15ull;
      z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
      z = (z ^ z >> 27) * 0x94D049BB133111EBull;
      z ^= z >> 31;
      want[j] += z >> n % 64 & 1 ? x[i] : -x[i];
    }
  for (int j = 0; j < 5; ++j)
    EXPECT_EQ(y[j], want[j] / std::sqrt(5.0));
}
