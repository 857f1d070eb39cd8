#include "runtime/beacon/Statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lobit::beacon {

double Moments::diagonal(uint32_t i) const {
  switch (kind) {
  case SigmaKind::None:
    return std::numeric_limits<double>::quiet_NaN();
  case SigmaKind::Isotropic:
    return sigma[0];
  case SigmaKind::Diagonal:
    return sigma[i];
  case SigmaKind::Packed:
    return sigma[uint64_t(i) * (i + 1) / 2 + i];
  case SigmaKind::Full:
    return sigma[uint64_t(i) * dim + i];
  }
  return 0;
}

double Moments::trace() const {
  if (kind == SigmaKind::Isotropic)
    return sigma[0] * dim;
  double sum = 0;
  for (uint32_t i = 0; i < dim; ++i)
    sum += diagonal(i);
  return sum;
}

/// A NaN or an infinity anywhere leaves one in the mean.
template <typename T>
static Status checkFinite(const std::vector<double> &mean, const Rows<T> &rows) {
  if (std::all_of(mean.begin(), mean.end(), [](double x) { return std::isfinite(x); }))
    return {};
  for (uint64_t i = 0; i < rows.count; ++i)
    for (uint32_t j = 0; j < rows.dim; ++j)
      if (!std::isfinite(rows.row(i)[j]))
        return Status(StatusCode::NONFINITE, "row " + std::to_string(i) + ", column " +
                                                 std::to_string(j) + " is not finite");
  return Status(StatusCode::NONFINITE, "the sum of a column is too large for f64");
}

/// Columns that are summed together, so that sums stay in the cache.
static constexpr uint32_t kColumns = 512;

template <typename T> std::vector<double> meanOf(const Rows<T> &rows) {
  std::vector<double> mean(rows.dim, 0.0);
  for (uint32_t begin = 0; begin < rows.dim; begin += kColumns) {
    const uint32_t end = std::min(begin + kColumns, rows.dim);
    for (uint64_t i = 0; i < rows.count; ++i) {
      const T *row = rows.row(i);
      for (uint32_t j = begin; j < end; ++j)
        mean[j] += double(row[j]);
    }
    for (uint32_t j = begin; j < end; ++j)
      mean[j] /= double(rows.count);
  }
  return mean;
}

template <typename T> static void addSquares(const Rows<T> &rows, Moments &moments) {
  moments.sigma.assign(rows.dim, 0.0);
  for (uint32_t begin = 0; begin < rows.dim; begin += kColumns) {
    const uint32_t end = std::min(begin + kColumns, rows.dim);
    for (uint64_t i = 0; i < rows.count; ++i) {
      const T *row = rows.row(i);
      for (uint32_t j = begin; j < end; ++j) {
        const double d = double(row[j]) - moments.mu[j];
        moments.sigma[j] += d * d;
      }
    }
  }
}

template <typename T> static void addProducts(const Rows<T> &rows, Moments &moments) {
  moments.sigma.assign(uint64_t(rows.dim) * (rows.dim + 1) / 2, 0.0);
  std::vector<double> d(rows.dim);
  for (uint64_t i = 0; i < rows.count; ++i) {
    const T *row = rows.row(i);
    for (uint32_t j = 0; j < rows.dim; ++j)
      d[j] = double(row[j]) - moments.mu[j];
    double *sigma = moments.sigma.data();
    for (uint32_t j = 0; j < rows.dim; ++j)
      for (uint32_t k = 0; k <= j; ++k)
        *sigma++ += d[j] * d[k];
  }
}

template <typename T> Result<Moments> momentsOf(const Rows<T> &rows, SigmaKind kind) {
  if (rows.count == 0 || rows.dim == 0 || rows.dim > kMaxDim)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "expected at least one row of 1 to 2^24 columns, found " +
                      std::to_string(rows.count) + " rows of " + std::to_string(rows.dim));
  Moments moments;
  moments.dim = rows.dim;
  moments.weight = double(rows.count);
  moments.mu = meanOf(rows);
  if (Status status = checkFinite(moments.mu, rows); !status.ok())
    return status;
  moments.kind = kind;
  if (kind == SigmaKind::Diagonal)
    addSquares(rows, moments);
  else if (kind == SigmaKind::Packed)
    addProducts(rows, moments);
  for (double &entry : moments.sigma)
    entry /= moments.weight;
  return moments;
}

template std::vector<double> meanOf(const Rows<float> &);
template std::vector<double> meanOf(const Rows<double> &);
template Result<Moments> momentsOf(const Rows<float> &, SigmaKind);
template Result<Moments> momentsOf(const Rows<double> &, SigmaKind);

Result<Moments> merge(const Moments &a, const Moments &b) {
  if (a.dim != b.dim || a.kind != b.kind)
    return Status(StatusCode::MISMATCH, "statistics of " + std::to_string(a.dim) + " columns and " +
                                            sigmaWord(a.kind) + " sigma cannot be merged with " +
                                            std::to_string(b.dim) + " and " + sigmaWord(b.kind));
  const double w1 = a.weight, w2 = b.weight, w = w1 + w2;
  if (!(w > 0))
    return Status(StatusCode::INVALID_ARGUMENT, "statistics without weight cannot be merged");
  Moments out;
  out.dim = a.dim;
  out.kind = a.kind;
  out.weight = w;
  std::vector<double> d(a.dim);
  out.mu.resize(a.dim);
  for (uint32_t i = 0; i < a.dim; ++i) {
    out.mu[i] = (w1 * a.mu[i] + w2 * b.mu[i]) / w;
    d[i] = a.mu[i] - b.mu[i];
  }
  out.sigma.resize(a.sigma.size());
  for (size_t i = 0; i < a.sigma.size(); ++i)
    out.sigma[i] = (w1 * a.sigma[i] + w2 * b.sigma[i]) / w;
  const double between = w1 * w2 / (w * w);
  switch (a.kind) {
  case SigmaKind::None:
    break;
  case SigmaKind::Isotropic: { // the mean of the diagonal
    double sum = 0;
    for (double x : d)
      sum += x * x;
    out.sigma[0] += between * sum / a.dim;
    break;
  }
  case SigmaKind::Diagonal:
    for (uint32_t i = 0; i < a.dim; ++i)
      out.sigma[i] += between * d[i] * d[i];
    break;
  case SigmaKind::Packed:
    for (uint32_t i = 0; i < a.dim; ++i)
      for (uint32_t j = 0; j <= i; ++j)
        out.sigma[uint64_t(i) * (i + 1) / 2 + j] += between * d[i] * d[j];
    break;
  case SigmaKind::Full:
    for (uint32_t i = 0; i < a.dim; ++i)
      for (uint32_t j = 0; j < a.dim; ++j)
        out.sigma[uint64_t(i) * a.dim + j] += between * d[i] * d[j];
    break;
  }
  return out;
}

MeanShift meanShift(const std::vector<double> &a, const std::vector<double> &b) {
  double distance = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = b[i] - a[i];
    distance += d * d;
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  MeanShift shift;
  shift.norm = std::sqrt(distance);
  if (aa != 0 && bb != 0)
    shift.cosine = ab / std::sqrt(aa) / std::sqrt(bb);
  else
    shift.cosine = aa == bb ? 1 : 0;
  return shift;
}

} // namespace lobit::beacon
