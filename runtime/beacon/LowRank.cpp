#include "runtime/beacon/LowRank.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lobit::beacon {
namespace {

/// A symmetric matrix [n, n] and its eigenvectors, by cyclic Jacobi rotations.
class SymmetricEigen {
public:
  /// Rows `stride` apart.
  SymmetricEigen(std::vector<double> matrix, size_t n, size_t stride)
      : a_(std::move(matrix)), v_(n * stride, 0.0), n_(n), stride_(stride) {
    for (size_t i = 0; i < n; ++i)
      at(v_, i, i) = 1;
    constexpr int kSweeps = 60; // it ends after about ten
    for (int sweep = 0; sweep < kSweeps && !isDiagonal(); ++sweep)
      for (size_t p = 0; p + 1 < n; ++p)
        for (size_t q = p + 1; q < n; ++q)
          rotate(p, q);
  }

  double value(size_t i) const { return a_[i * stride_ + i]; }
  /// Row i of v_: the eigenvector of value(i).
  const double *vector(size_t i) const { return &v_[i * stride_]; }

private:
  double &at(std::vector<double> &m, size_t i, size_t j) { return m[i * stride_ + j]; }

  bool isDiagonal() const {
    double off = 0, on = 0;
    for (size_t i = 0; i < n_; ++i)
      for (size_t j = 0; j < n_; ++j)
        (i == j ? on : off) += a_[i * stride_ + j] * a_[i * stride_ + j];
    return off <= 1e-30 * on;
  }

  void rotate(size_t p, size_t q) {
    const double app = at(a_, p, p), aqq = at(a_, q, q), apq = at(a_, p, q);
    if (apq * apq <= 1e-34 * std::fabs(app * aqq)) // less than rounding
      return;
    const double theta = (aqq - app) / (2 * apq);
    const double t = (theta < 0 ? -1 : 1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
    const double c = 1 / std::sqrt(t * t + 1), s = t * c;
    turnRows(&at(a_, p, 0), &at(a_, q, 0), c, s);
    turnRows(&at(v_, p, 0), &at(v_, q, 0), c, s);
    at(a_, p, p) = app - t * apq;
    at(a_, q, q) = aqq + t * apq;
    at(a_, p, q) = at(a_, q, p) = 0;
    for (size_t k = 0; k < n_; ++k) { // columns are as rows
      at(a_, k, p) = at(a_, p, k);
      at(a_, k, q) = at(a_, q, k);
    }
  }
  void turnRows(double *p, double *q, double c, double s) const {
    for (size_t k = 0; k < n_; ++k) {
      const double x = p[k], y = q[k];
      p[k] = c * x - s * y;
      q[k] = s * x + c * y;
    }
  }

  std::vector<double> a_, v_;
  size_t n_, stride_;
};

/// The product of two rows, in eight partial sums that do not wait for each other.
double dot(const double *x, const double *y, uint32_t count) {
  double sums[8] = {};
  uint32_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (uint32_t lane = 0; lane < 8; ++lane)
      sums[lane] += x[i + lane] * y[i + lane];
  for (; i < count; ++i)
    sums[i % 8] += x[i] * y[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

template <typename T>
std::vector<double> gramMatrix(const Rows<T> &rows, const Moments &moments, size_t stride) {
  const size_t n = rows.count;
  std::vector<double> gram(n * stride, 0.0);
  // Columns in blocks, so that the centred rows of a block stay in the cache.
  constexpr uint32_t kBlock = 256;
  std::vector<double> centred(n * kBlock);
  for (uint32_t begin = 0; begin < rows.dim; begin += kBlock) {
    const uint32_t width = std::min(kBlock, rows.dim - begin);
    for (size_t i = 0; i < n; ++i)
      for (uint32_t c = 0; c < width; ++c)
        centred[i * kBlock + c] = double(rows.row(i)[begin + c]) - moments.mu[begin + c];
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j <= i; ++j)
        gram[i * stride + j] += dot(&centred[i * kBlock], &centred[j * kBlock], width);
  }
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j)
      gram[j * stride + i] = gram[i * stride + j] /= moments.weight;
  return gram;
}

} // namespace

template <typename T>
Result<LowRank> lowRankOf(const Rows<T> &rows, const Moments &moments, uint32_t rank) {
  if (rows.count > kMaxLowRankRows || rank > kMaxRank)
    return Status(StatusCode::RESOURCE_LIMIT,
                  "a low-rank Sigma takes at most 256 rows and rank 64, found " +
                      std::to_string(rows.count) + " rows and rank " + std::to_string(rank) +
                      "; use a diagonal one");
  const size_t n = rows.count;
  const size_t stride = n | 1; // a column is not all in one set of the cache
  const SymmetricEigen eigen(gramMatrix(rows, moments, stride), n, stride);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return eigen.value(a) != eigen.value(b) ? eigen.value(a) > eigen.value(b) : a < b;
  });
  LowRank out;
  out.residual = moments.sigma;
  for (size_t k = 0; k < n && out.eigenvalues.size() < rank; ++k) {
    const double value = eigen.value(order[k]);
    // What rounding leaves of a zero eigenvalue is no direction.
    if (!(value > 1e-12 * eigen.value(order[0])) || !(value > 0))
      break;
    const double *v = eigen.vector(order[k]);
    std::vector<double> u(rows.dim, 0.0);
    for (size_t i = 0; i < n; ++i)
      for (uint32_t j = 0; j < rows.dim; ++j)
        u[j] += v[i] * (double(rows.row(i)[j]) - moments.mu[j]);
    double length = 0;
    for (double x : u)
      length += x * x;
    const auto largest = std::max_element(
        u.begin(), u.end(), [](double a, double b) { return std::fabs(a) < std::fabs(b); });
    const double scale = (*largest < 0 ? -1 : 1) / std::sqrt(length);
    for (uint32_t j = 0; j < rows.dim; ++j) {
      u[j] *= scale;
      out.residual[j] -= value * u[j] * u[j];
    }
    out.eigenvalues.push_back(value);
    out.eigenvectors.insert(out.eigenvectors.end(), u.begin(), u.end());
  }
  for (double &entry : out.residual)
    entry = std::max(entry, 0.0);
  return out;
}
template Result<LowRank> lowRankOf(const Rows<float> &, const Moments &, uint32_t);
template Result<LowRank> lowRankOf(const Rows<double> &, const Moments &, uint32_t);

} // namespace lobit::beacon
