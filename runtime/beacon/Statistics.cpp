#include "runtime/beacon/Statistics.h"
#include "runtime/beacon/Parser.h"

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

/// Columns that are summed together: their part of a window is still in the cache when
/// the second pass reads it.
static constexpr uint32_t kColumns = 1024;

/// sums[c] += term(x[i, column + c], c) for rows first .. last - 1 in order, four of them
/// at a time, because a sum then stays in a register.
template <typename T, typename Term>
static void addRows(const Rows<T> &rows, uint64_t first, uint64_t last, uint32_t column,
                    uint32_t width, double *sums, Term term) {
  uint64_t i = first;
  for (; i + 4 <= last; i += 4) {
    const T *x0 = rows.row(i) + column, *x1 = rows.row(i + 1) + column;
    const T *x2 = rows.row(i + 2) + column, *x3 = rows.row(i + 3) + column;
    for (uint32_t c = 0; c < width; ++c)
      sums[c] = sums[c] + term(x0[c], c) + term(x1[c], c) + term(x2[c], c) + term(x3[c], c);
  }
  for (; i < last; ++i) {
    const T *x = rows.row(i) + column;
    for (uint32_t c = 0; c < width; ++c)
      sums[c] += term(x[c], c);
  }
}

/// Means, those of both halves when asked for, and the squares of a diagonal Sigma.
template <typename T>
static void addColumns(const Rows<T> &rows, uint32_t column, uint32_t width, Moments &moments,
                       Halves *halves) {
  const auto value = [](T x, uint32_t) { return double(x); };
  double *mean = moments.mu.data() + column;
  const uint64_t half = rows.count / 2;
  addRows(rows, 0, half, column, width, mean, value);
  if (halves) {
    double *second = halves->second.data() + column;
    addRows(rows, half, rows.count, column, width, second, value);
    for (uint32_t c = 0; c < width; ++c) {
      halves->first[column + c] = mean[c] / double(half);
      second[c] /= double(rows.count - half);
    }
  }
  addRows(rows, half, rows.count, column, width, mean, value);
  for (uint32_t c = 0; c < width; ++c)
    mean[c] /= double(rows.count);
  if (moments.kind == SigmaKind::Diagonal)
    addRows(rows, 0, rows.count, column, width, moments.sigma.data() + column,
            [mean](T x, uint32_t c) {
              const double d = double(x) - mean[c];
              return d * d;
            });
}

template <typename T> static void addProducts(const Rows<T> &rows, Moments &moments) {
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

template <typename T>
Result<Moments> momentsOf(const Rows<T> &rows, SigmaKind kind, Halves *halves) {
  if (rows.count == 0 || rows.dim == 0 || rows.dim > kMaxDim)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "expected at least one row of 1 to 2^24 columns, found " +
                      std::to_string(rows.count) + " rows of " + std::to_string(rows.dim));
  Moments moments;
  moments.dim = rows.dim;
  moments.weight = double(rows.count);
  moments.kind = kind;
  moments.mu.assign(rows.dim, 0.0);
  moments.sigma.assign(sigmaCount(kind, rows.dim), 0.0);
  if (rows.count < 2)
    halves = nullptr;
  if (halves) {
    halves->first.assign(rows.dim, 0.0);
    halves->second.assign(rows.dim, 0.0);
  }
  for (uint32_t column = 0; column < rows.dim; column += kColumns)
    addColumns(rows, column, std::min(kColumns, rows.dim - column), moments, halves);
  if (Status status = checkFinite(moments.mu, rows); !status.ok())
    return status;
  if (kind == SigmaKind::Packed)
    addProducts(rows, moments);
  for (double &entry : moments.sigma)
    entry /= moments.weight;
  return moments;
}

template Result<Moments> momentsOf(const Rows<float> &, SigmaKind, Halves *);
template Result<Moments> momentsOf(const Rows<double> &, SigmaKind, Halves *);

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
