/// \file
/// What a linear layer sees: sums over the inputs x of a calibration text.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_INPUTSTATISTICS_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_INPUTSTATISTICS_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace lobit {

class ErrorCompensation;

/// The matrix H = X^T X of all inputs X [samples, columns], in f64. The error of a weight
/// by D changes the outputs by X D^T, whose squared norm is the sum over rows d of d H d^T.
class InputStatistics {
public:
  explicit InputStatistics(int64_t columns);

  /// Adds `count` inputs [count, columns]. Parts of kChunk inputs are summed in f32 and then
  /// added in f64; the sums do not depend on `threads`.
  void add(const float *inputs, int64_t count, unsigned threads);

  int64_t columns() const { return columns_; }
  int64_t samples() const { return samples_; }
  /// H, row by row; both triangles are filled.
  const std::vector<double> &products() const { return products_; }
  /// E[x_i^2] of each column: H[i][i] / samples; 0 without samples.
  std::vector<float> meanSquares() const;
  /// The factor of H, made when it is first asked for. Not for several threads at once.
  const ErrorCompensation &compensation(unsigned threads) const;
  /// No sum is NaN or infinite.
  bool isFinite() const;

  static constexpr int64_t kChunk = 64;

private:
  int64_t columns_ = 0, samples_ = 0;
  std::vector<double> products_;
  mutable std::shared_ptr<const ErrorCompensation> compensation_;
};

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_INPUTSTATISTICS_H
