/// \file
/// int8 quantization: docs/quantization.md, label (Q10).
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_INT8_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_INT8_H

#include "dialects/Lobit/Weights/Ternary.h"

namespace lobit {

/// Quantizes a finite tensor to codes -127..127 with one scale per row. `threads`
/// does not change the result. RESOURCE_LIMIT: a scale does not fit into f16.
Result<CodedWeight> quantizeInt8(const FloatTensor &weight, ScaleType scaleType, unsigned threads);
/// The rows first .. first + count - 1 of it. The scales are not yet rounded to their stored
/// type.
void quantizeInt8Rows(const FloatTensor &weight, ScaleType scaleType, int64_t first, int64_t count,
                      int8_t *codes, float *scales);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_INT8_H
