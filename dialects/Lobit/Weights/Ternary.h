/// \file
/// Ternary quantization: docs/quantization.md, labels (Q1) to (Q9).
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_TERNARY_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_TERNARY_H

#include "dialects/Lobit/Weights/FloatTensor.h"
#include "dialects/Lobit/Weights/ScaleGrid.h"

#include <optional>

namespace lobit {

enum class TernaryMethod {
#define LOBIT_TERNARY_METHOD(EnumName, word, granularity, keepsNative, text) EnumName,
#include "dialects/Lobit/Weights/TernaryMethods.inc"
};

struct TernaryMethodInfo {
  TernaryMethod method;
  const char *word;
  Granularity granularity;
  bool keepsNative;
  const char *text;
};

/// All methods in the order of the list; `count` receives their number.
const TernaryMethodInfo *allTernaryMethods(unsigned &count);
const TernaryMethodInfo &ternaryMethodInfo(TernaryMethod method);
const TernaryMethodInfo *findTernaryMethod(std::string_view word);

/// Codes [rows, columns] and the scales of a grid, already rounded to their
/// stored type.
struct CodedWeight {
  std::vector<int8_t> codes;
  std::vector<float> scales;
};

/// Quantizes a finite tensor. `threads` does not change the result.
/// RESOURCE_LIMIT: a scale does not fit into f16. UNSUPPORTED: absmean-block with
/// a grid that has a scale over two blocks.
Result<CodedWeight> quantizeTernary(const FloatTensor &weight, TernaryMethod method,
                                    const ScaleGrid &grid, ScaleType scaleType, unsigned threads);

/// The scales [begin, end) of the grid, not yet rounded to their stored type, and the codes of
/// their weights. Not for absmean-block.
void quantizeTernaryScales(const FloatTensor &weight, TernaryMethod method, const ScaleGrid &grid,
                           int64_t begin, int64_t end, int8_t *codes, float *scales);

/// `scale` rounded to its stored type and widened again (Q2).
float roundScale(float scale, ScaleType type);
/// roundScale, or RESOURCE_LIMIT when f16 would make the scale infinite or 0.
/// `group` -1: one scale for the row; `row` -1: one for the tensor.
Result<float> storedScale(float scale, ScaleType type, const std::string &tensor, int64_t row = -1,
                          int64_t group = -1);
/// storedScale for all scales of a tensor, in place; RESOURCE_LIMIT names the first that fails.
Status storeScales(std::vector<float> &scales, ScaleType type, const std::string &tensor,
                   const ScaleGrid &grid);

// Methods: codes and scale of `size` consecutive weights. The scale is not yet
// rounded to its stored type.
float absmeanScale(const float *weights, int64_t size);
float quantizeAbsmean(const float *weights, int64_t size, int8_t *codes);
float quantizeAbsmeanHf(const float *weights, int64_t size, int8_t *codes);
float quantizeAbsmeanRefit(const float *weights, int64_t size, int8_t *codes);
float quantizeOptimal(const float *weights, int64_t size, int8_t *codes);
/// The same for weights as they are stored in bfloat16, many times as fast; native ones
/// (Q3) included. None, with `codes` undefined, for the few groups that have to be sorted.
std::optional<float> quantizeOptimalBf16(const uint8_t *stored, int64_t size, int8_t *codes);
/// One block of absmean-block, at most 256 weights.
float quantizeAbsmeanBlock(const float *weights, int64_t size, int8_t *codes);

/// Weights per block of absmean-block.
constexpr int64_t absmeanBlockSize = 256;

/// The coarsest grid by which absmean-block of [rows, columns] can be multiplied:
/// no scale covers two blocks. None when columns is neither a divisor of 256 nor a
/// multiple of 32.
std::optional<ScaleGrid> absmeanBlockGrid(int64_t rows, int64_t columns);

/// The one magnitude of all nonzero weights; 0 when all are 0; none when there are
/// two magnitudes (Q3).
std::optional<float> nativeMagnitude(const float *weights, int64_t size);
/// sign(weight) for each weight.
void nativeCodes(const float *weights, int64_t size, int8_t *codes);

/// The coarsest granularity at which every scale group of a finite tensor is
/// native: tensor, row, then groups of 256, 128, 64, 32. None for ordinary
/// weights, and for rows of fewer than 8 columns, whose scales would take more
/// room than int8 codes.
std::optional<ScaleGrid> detectNativeTernary(const FloatTensor &weight);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_TERNARY_H
