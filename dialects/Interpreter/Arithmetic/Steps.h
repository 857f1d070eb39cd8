/// \file
/// The float steps of the lm dialect for one token (docs/numerics.md, "Steps of lm").
#ifndef LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_STEPS_H
#define LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_STEPS_H

#include <cstdint>

namespace lobit::reference {

/// y = (x * (1 / sqrt(mean(x^2) + eps))) * weight; y may be x.
void rmsNorm(const float *x, const float *weight, int64_t n, float eps, float *y);

/// Rotates one head; `table` holds headDim / 2 cosines, then headDim / 2 sines; y may be x.
void rope(const float *x, const float *table, int64_t headDim, float *y);

/// Rounds one head of keys or values to f16; false when one does not fit.
bool cacheF16(const float *x, int64_t headDim, float *out);
/// One head as int8 codes with a scale; false when one is not finite.
bool cacheInt8(const float *x, int64_t headDim, float *codes, float &scale);

/// Keys and values of one key-value head, [positions, headDim]; the scales, one for each
/// position, are null but for int8.
struct CacheView {
  const float *keys, *values;
  const float *keyScales = nullptr, *valueScales = nullptr;
};

/// Positions that are summed together, before the blocks are.
inline constexpr int64_t attentionBlock = 256;

/// One query head over positions 0 .. positions - 1.
void attention(const float *query, const CacheView &cache, int64_t positions, int64_t headDim,
               float scale, float *y);

/// max(gate, 0)^2 * up.
float gatedRelu2(float gate, float up);
/// gate / (1 + exp(-gate)) * up.
float gatedSilu(float gate, float up);

} // namespace lobit::reference

#endif // LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_STEPS_H
