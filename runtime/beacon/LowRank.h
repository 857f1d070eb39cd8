/// \file
/// Sigma ~ U L U^T + D for dimensions whose full Sigma would be too large.
///
/// The eigenvectors u of Sigma = X^T X / W (X: centred rows [N, dim]) with a positive
/// eigenvalue are X^T v / |X^T v| for the eigenvectors v of the Gram matrix X X^T / W
/// [N, N], which is small for a window of few rows.
#ifndef LOBIT_BEACON_LOW_RANK_H
#define LOBIT_BEACON_LOW_RANK_H

#include "runtime/beacon/Statistics.h"

namespace lobit::beacon {

struct LowRank {
  std::vector<double> eigenvalues;  ///< [rank], descending
  std::vector<double> eigenvectors; ///< [rank, dim], the largest component is positive
  std::vector<double> residual;     ///< [dim]: D = max(0, diag(Sigma) - diag(U L U^T))

  uint32_t rank() const { return uint32_t(eigenvalues.size()); }
};

/// Larger windows have a Gram matrix that is no longer small.
constexpr uint64_t kMaxLowRankRows = 256;

/// Up to `rank` eigenvectors; fewer when Sigma has no more, none when it is zero.
/// `moments` are those of the rows, with kind Diagonal. RESOURCE_LIMIT above
/// kMaxLowRankRows rows or kMaxRank.
template <typename T>
Result<LowRank> lowRankOf(const Rows<T> &rows, const Moments &moments, uint32_t rank);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_LOW_RANK_H
