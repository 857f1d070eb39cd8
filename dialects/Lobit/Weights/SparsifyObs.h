/// \file
/// INT6 2:4 with error compensation: docs/quantization.md, label (Q17).
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_SPARSIFYOBS_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_SPARSIFYOBS_H

#include "dialects/Lobit/Weights/InputStatistics.h"
#include "dialects/Lobit/Weights/Ternary.h"

namespace lobit {

/// Codes -32..31, at most two adjacent pairs of each 8 columns nonzero, one f32 scale for
/// each row. `threads` does not change the result.
CodedWeight sparsifyObs(const FloatTensor &weight, const InputStatistics &inputs, unsigned threads);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_SPARSIFYOBS_H
