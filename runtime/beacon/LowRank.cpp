#include "runtime/beacon/LowRank.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lobit::beacon {
namespace {

/// A symmetric matrix [n, n] and its eigenvectors, by cyclic Jacobi rotations.
class SymmetricEigen {
public:
  SymmetricEigen(std::vector<double> matrix, size_t n)
      : a_(std::move(matrix)), v_(n * n, 0.0), n_(n) {
    for (size_t i = 0; i < n; ++i)
      v_[i * n + i] = 1;
    constexpr int kSweeps = 60; // it ends after about ten
    for (int sweep = 0; sweep < kSweeps && !isDiagonal(); ++sweep)
      for (size_t p = 0; p + 1 < n; ++p)
        for (size_t q = p + 1; q < n; ++q)
          rotate(p, q);
  }

  double value(size_t i) const { return a_[i * n_ + i]; }
  /// Row i of v_: the eigenvector of value(i).
  const double *vector(size_t i) const { return &v_[i * n_]; }

private:
  bool isDiagonal() const {
    double off = 0, on = 0;
    for (size_t i = 0; i < n_; ++i)
      for (size_t j = 0; j < n_; ++j)
        (i == j ? on : off) += a_[i * n_ + j] * a_[i * n_ + j];
    return off <= 1e-30 * on;
  }

  void rotate(size_t p, size_t q) {
    const double apq = a_[p * n_ + q];
    if (apq == 0)
      return;
    const double theta = (a_[q * n_ + q] - a_[p * n_ + p]) / (2 * apq);
    const double t = (theta < 0 ? -1 : 1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
    const double c = 1 / std::sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < n_; ++k) {
      double &kp = a_[k * n_ + p], &kq = a_[k * n_ + q];
      const double x = kp, y = kq;
      kp = c * x - s * y;
      kq = s * x + c * y;
    }
    turnRows(a_, p, q, c, s);
    turnRows(v_, p, q, c, s);
  }
  void turnRows(std::vector<double> &m, size_t p, size_t q, double c, double s) {
    for (size_t k = 0; k < n_; ++k) {
      double &pk = m[p * n_ + k], &qk = m[q * n_ + k];
      const double x = pk, y = qk;
      pk = c * x - s * y;
      qk = s * x + c * y;
    }
  }

  std::vector<double> a_, v_;
  size_t n_;
};

template <typename T> std::vector<double> gramMatrix(const Rows<T> &rows, const Moments &moments) {
  const size_t n = rows.count;
  std::vector<double> gram(n * n, 0.0);
  // Columns in blocks, so that the centred rows of a block stay in the cache.
  constexpr uint32_t kBlock = 256;
  std::vector<double> centred(n * kBlock);
  for (uint32_t begin = 0; begin < rows.dim; begin += kBlock) {
    const uint32_t width = std::min(kBlock, rows.dim - begin);
    for (size_t i = 0; i < n; ++i)
      for (uint32_t c = 0; c < width; ++c)
        centred[i * kBlock + c] = double(rows.row(i)[begin + c]) - moments.mu[begin + c];
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (uint32_t c = 0; c < width; ++c)
          sum += centred[i * kBlock + c] * centred[j * kBlock + c];
        gram[i * n + j] += sum;
      }
  }
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j)
      gram[j * n + i] = gram[i * n + j] /= moments.weight;
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
  const SymmetricEigen eigen(gramMatrix(rows, moments), n);
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
