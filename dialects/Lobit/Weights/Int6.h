/// \file
/// INT6 2:4 pair-sparse quantization: docs/quantization.md, labels (Q12) to (Q15).
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_INT6_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_INT6_H

#include "dialects/Lobit/Weights/InputStatistics.h"
#include "dialects/Lobit/Weights/Ternary.h"

namespace lobit {

enum class Int6Method {
#define LOBIT_INT6_METHOD(EnumName, word, needsInputs, text) EnumName,
#include "dialects/Lobit/Weights/Int6Methods.inc"
};

struct Int6MethodInfo {
  Int6Method method;
  const char *word;
  bool needsInputs;
  const char *text;
};

/// All methods in the order of the list; `count` receives their number.
const Int6MethodInfo *allInt6Methods(unsigned &count);
const Int6MethodInfo &int6MethodInfo(Int6Method method);
const Int6MethodInfo *findInt6Method(std::string_view word);

/// Quantizes a finite tensor to codes of two pairs per 8 columns with one scale per row.
/// `inputs` are those of the layer, for `weighted` and `obs`; others do not look at them.
/// `threads` does not change the result. INVALID_ARGUMENT: the method needs inputs and they
/// are null. MISMATCH: another number of columns.
Result<CodedWeight> quantizeInt6(const FloatTensor &weight, Int6Method method,
                                 const InputStatistics *inputs, unsigned threads);

// The steps on one row of `columns` weights. `columnWeights` may be null.

/// (Q12) Sets all but the two best pairs of each chunk of 8 to 0.
void prunePairs(float *weights, int64_t columns, const float *columnWeights);
/// (Q13) Codes and scale of a pruned row: zeros stay zeros.
float quantizePrunedRow(const float *pruned, int64_t columns, const float *columnWeights,
                        int8_t *codes);
/// (Q14) The unpruned row as the original encoder scales it, with true zeros.
float quantizeSeedRow(const float *weights, int64_t columns, int8_t *codes);
/// (Q15) The same with all that the original encoder makes up. `codes` has room for the
/// columns rounded up to 64, because it makes up padding, too.
float quantizeSeedExactRow(const float *weights, int64_t columns, int8_t *codes);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_INT6_H
