/// \file
/// Quantization of the activations of one token (docs/numerics.md, "Activations").
#ifndef LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_ACTIVATIONS_H
#define LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_ACTIVATIONS_H

#include <cstdint>

namespace lobit::reference {

/// clamp(roundHalfEven(x * factor), -128, 127); |x * factor| <= 2^22.
int8_t quantizeActivation(float x, float factor);

/// x[i] ~ q[i] * scale with scale = max(max |x|, 1e-5) / 127. Returns false, and leaves q
/// and scale alone, when a value is NaN or infinite.
[[nodiscard]] bool quantizeActivations(const float *x, int64_t n, int8_t *q, float &scale);

} // namespace lobit::reference

#endif // LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_ACTIVATIONS_H
