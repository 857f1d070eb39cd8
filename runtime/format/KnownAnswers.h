/// \file
/// The inputs of known answers. The compiler makes them to compute an answer, the
/// runtime makes the same ones to check it.
#ifndef LOBIT_FORMAT_KNOWN_ANSWERS_H
#define LOBIT_FORMAT_KNOWN_ANSWERS_H

#include "runtime/format/Artifact.h"

namespace lobit {

/// Numbers of splitmix64, the generator of every seeded input.
class SplitMix64 {
public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
  }
  /// As if next() had been called `count` times.
  void skip(uint64_t count) { state_ += count * 0x9e3779b97f4a7c15ull; }

private:
  uint64_t state_;
};

/// The operands of one linear layer. Quantized weights have `codes` and `scales`,
/// kept ones `values`; all [out, in] row by row.
///
/// Positive: x = 127, codes = largest (1, 127 or 31), values = 1. Negative: x = -127.
/// Alternating: the sign of x and of the weights changes from column to column, so
/// that every product is positive, and with every row of the weight. In these three
/// all scales are 1 and the bias is 1.
/// Random: splitmix64(seed) in this order: x in [-8, 8), multiples of 2^-20; codes;
/// scales in [2^-7, 2^-6), multiples of 2^-17; values and bias in [-2, 2), multiples
/// of 2^-6.
/// Codes change sign as largest and smallest (1 -1, 127 -127, 31 -32). int6: afterwards
/// the codes of chunk c of row r that nibble (c + r) mod 6 of 4, 8, 9, c, d, e does not
/// keep become 0.
struct LinearOperands {
  std::vector<float> x; ///< [rows, in]
  std::vector<int8_t> codes;
  std::vector<float> scales;
  std::vector<float> values;
  std::vector<float> bias; ///< [out], empty without one
};

/// RESOURCE_LIMIT when the weight has more than kMaxAnswerWeights elements.
Result<LinearOperands> makeLinearOperands(const LinearInfo &linear, const LinearAnswer &answer);
/// x, and of the others what belongs to the rows first .. first + count - 1 of the weight.
Result<LinearOperands> makeLinearRows(const LinearInfo &linear, const LinearAnswer &answer,
                                      uint64_t first, uint64_t count);
constexpr uint64_t kMaxAnswerWeights = 1ull << 31;

/// The operands as the code takes them: {x, weights, scales, bias}.
struct EncodedLinear {
  std::vector<uint8_t> weights;
  std::vector<uint8_t> scales;
  std::vector<uint8_t> bias;
};
Result<EncodedLinear> encodeLinearOperands(const LinearInfo &linear,
                                           const LinearOperands &operands);

/// The inputs of a function for ModelAnswer::seed: element after element, input after
/// input, from splitmix64(seed): f32 in [-1, 1) as multiples of 2^-23, i32 in 0..255.
/// Dynamic dimensions are 1. Little-endian bytes, one entry for each input.
Result<std::vector<std::vector<uint8_t>>> makeFunctionInputs(const Metadata &metadata,
                                                             uint64_t seed);

/// SHA-256 of the values as little-endian f32.
Digest outputDigest(const float *values, uint64_t count);

/// Little-endian bytes of values that `scheme` (f32, f16, bf16) holds exactly.
std::vector<uint8_t> encodeValues(Scheme scheme, const std::vector<float> &values);

} // namespace lobit

#endif // LOBIT_FORMAT_KNOWN_ANSWERS_H
