/// \file
/// H = R R^T: what an error in one column costs, and how later columns make up for it.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_ERRORCOMPENSATION_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_ERRORCOMPENSATION_H

#include "dialects/Lobit/Weights/InputStatistics.h"

namespace lobit {

/// For H = X^T X + damping I let R be upper triangular with H = R R^T, D = diag(R)^2 and
/// F = R diag(R)^-1, so that H = F D F^T. When a row w is rounded to v column by column, in
/// ascending order, the squared output error is
///
///   (w - v) H (w - v)^T = sum over columns j of D_j (t_j - v_j)^2,
///   t_j = w_j + sum over i < j of (w_i - v_i) F_ij.
///
/// So the best v_j given those before it is t_j rounded, and what is left is the sum of
/// what rounding and pruning cost, each column counted alone. (The same as propagating
/// errors with the Cholesky factor of H^-1, as optimal brain surgeon does: D_j is
/// 1 / [H^-1]_jj of the columns from j on.)
class ErrorCompensation {
public:
  /// damping = 0.01 mean(diag(X^T X)), or 1 when that is 0. `threads` does not change the
  /// result.
  ErrorCompensation(const InputStatistics &inputs, unsigned threads);

  int64_t columns() const { return columns_; }
  /// D_j, > 0.
  double cost(int64_t column) const { return costs_[std::size_t(column)]; }
  /// F_ij for j = 0 .. columns - 1; meaningful for j > i.
  const double *feedback(int64_t i) const { return &factor_[std::size_t(i * columns_)]; }

private:
  int64_t columns_;
  std::vector<double> factor_, costs_;
};

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_ERRORCOMPENSATION_H
