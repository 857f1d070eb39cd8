#include "runtime/beacon/Decode.h"

namespace lobit::beacon {

static std::vector<double> scalars(const Value &value, uint64_t at, Scalar scalar, uint64_t count) {
  std::vector<double> numbers(count);
  for (uint64_t i = 0; i < count; ++i)
    numbers[i] = value.readScalar(at + i * scalarBytes(scalar), scalar);
  return numbers;
}

std::vector<double> muOf(const View &view) {
  if (view.calib)
    return scalars(view.calib, kCalibFixedBytes, calibHeader(view).scalar, view.dim);
  std::vector<double> mu(view.dim);
  for (uint32_t i = 0; i < view.dim; ++i)
    mu[i] = view.payloadMu(i);
  return mu;
}

std::optional<Moments> momentsOf(const View &view) {
  if (!view.calib)
    return std::nullopt;
  const CalibHeader header = calibHeader(view);
  Moments moments;
  moments.dim = view.dim;
  moments.weight = header.weight;
  moments.mu = muOf(view);
  moments.kind = header.kind;
  moments.sigma = scalars(view.calib, kCalibFixedBytes + view.dim * scalarBytes(header.scalar),
                          header.scalar, sigmaCount(header.kind, view.dim));
  return moments;
}

std::optional<LowRank> lowRankOf(const View &view) {
  if (!view.lowRank)
    return std::nullopt;
  const LowRankHeader header = lowRankHeader(view);
  const uint64_t step = scalarBytes(header.scalar), vectors = uint64_t(header.rank) * view.dim;
  LowRank lowRank;
  uint64_t at = kLowRankFixedBytes;
  lowRank.eigenvalues = scalars(view.lowRank, at, header.scalar, header.rank);
  at += header.rank * step;
  lowRank.eigenvectors = scalars(view.lowRank, at, header.scalar, vectors);
  at += vectors * step;
  lowRank.residual = scalars(view.lowRank, at, header.scalar, view.dim);
  return lowRank;
}

std::string tensorOf(const View &view) {
  if (!view.artifact)
    return {};
  const char *bytes = reinterpret_cast<const char *>(view.artifact.data());
  return std::string(bytes + kRootDigestBytes, view.artifact.size - kRootDigestBytes);
}

} // namespace lobit::beacon
