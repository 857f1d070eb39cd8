/// \file
/// How far quantized weights are from the stored ones.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_QUANTIZATIONERROR_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_QUANTIZATIONERROR_H

#include "dialects/Lobit/Weights/Ternary.h"

namespace lobit {

/// Sums over all weights w and their stand-ins v = s * code, in f64.
struct QuantizationError {
  int64_t count = 0, zeros = 0; // zeros: codes that are 0
  double weights = 0;           // sum w^2
  double values = 0;            // sum v^2
  double products = 0;          // sum w v
  double errors = 0;            // sum (w - v)^2
  double pruned = 0;            // sum w^2 where the code is 0

  void add(const QuantizationError &other);
  double zeroFraction() const;
  /// pruned / weights; 0 when both are 0.
  double prunedEnergy() const;
  /// errors / weights; 0 when both are 0.
  double relativeMse() const;
  /// -10 log10(relativeMse); infinite when there is no error.
  double sqnrDecibel() const;
  /// products / sqrt(weights * values); 1 when all weights and values are 0.
  double cosine() const;
};

/// The sums of `count` rows from `first` on, each into one of `rows`. `codes` are those of these
/// rows, `scales` those of the grid.
void measureRows(const FloatTensor &weight, const ScaleGrid &grid, int64_t first, int64_t count,
                 const int8_t *codes, const float *scales, QuantizationError *rows);

/// The sums of each row are added in row order: `threads` does not change the
/// result.
QuantizationError measureError(const FloatTensor &weight, const CodedWeight &coded,
                               const ScaleGrid &grid, unsigned threads);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_QUANTIZATIONERROR_H
