/// \file
/// How far the outputs of a layer with quantized weights are from its own.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_OUTPUTERROR_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_OUTPUTERROR_H

#include "dialects/Lobit/Weights/InputStatistics.h"
#include "dialects/Lobit/Weights/Ternary.h"

namespace lobit {

/// Squared norms over all calibration inputs X, in f64: with w the rows of the weight and
/// d = w - v what quantization changed, sums of w H w^T and d H d^T.
struct OutputError {
  double outputs = 0; ///< |X W^T|^2
  double errors = 0;  ///< |X W^T - X V^T|^2

  /// errors / outputs; 0 when both are 0.
  double relative() const { return errors == 0 ? 0 : errors / outputs; }
};

/// The activations count as they are, not rounded to int8. `threads` does not change the
/// result.
OutputError measureOutputError(const FloatTensor &weight, const CodedWeight &coded,
                               const ScaleGrid &grid, const InputStatistics &inputs,
                               unsigned threads);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_OUTPUTERROR_H
