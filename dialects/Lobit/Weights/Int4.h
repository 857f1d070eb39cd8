/// \file
/// int4 quantization: docs/quantization.md, label (Q18).
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_INT4_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_INT4_H

#include "dialects/Lobit/Weights/Ternary.h"

namespace lobit {

/// Quantizes a finite tensor to codes -8..7 with one scale per row. `threads` does not
/// change the result. RESOURCE_LIMIT: a scale does not fit into f16.
Result<CodedWeight> quantizeInt4(const FloatTensor &weight, ScaleType scaleType, unsigned threads);
/// The rows first .. first + count - 1 of it. The scales are not yet rounded to their stored
/// type.
void quantizeInt4Rows(const FloatTensor &weight, int64_t first, int64_t count, int8_t *codes,
                      float *scales);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_INT4_H
