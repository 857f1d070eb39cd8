#include "runtime/format/KnownAnswers.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Pair24.h"

#include <algorithm>
#include <cstring>

namespace lobit {
namespace {

uint32_t floatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

bool isQuantized(Scheme scheme) { return !findScheme(scheme)->isKept(); }

/// The extreme codes of a scheme; `negative` chooses the lower one.
int8_t extremeCode(Scheme scheme, bool negative) {
  const SchemeInfo &info = *findScheme(scheme);
  return negative ? info.smallestCode : info.largestCode;
}

/// A loop and a division by a constant for each scheme: there are millions of codes.
void fillRandomCodes(Scheme scheme, SplitMix64 &random, std::vector<int8_t> &codes) {
  switch (scheme) {
#define LOBIT_SCHEME(EnumName, id, word, smallest, largest, text)                                  \
  case Scheme::EnumName:                                                                           \
    for (int8_t &code : codes)                                                                     \
      code = int8_t(int(random.next() % uint64_t(largest - (smallest) + 1)) + (smallest));         \
    break;
#include "runtime/format/Schemes.inc"
  }
}

/// The rows that are wanted, all others are skipped.
struct RowRange {
  uint64_t first, count;
};

/// int6: chunk c of row r keeps the pairs of nibble (c + r) mod 6; the others become 0.
void prunePairs(const LinearInfo &linear, RowRange rows, std::vector<int8_t> &codes) {
  if (linear.scheme != Scheme::Int6)
    return;
  for (uint64_t row = 0, i = 0; row < rows.count; ++row)
    for (uint64_t column = 0; column < linear.in; ++column, ++i)
      if (!pair24Keeps(kPair24Nibbles[(column / 8 + rows.first + row) % 6], column))
        codes[i] = 0;
}

/// A multiple of 2^-6 in [-2, 2): exact in f32, f16 and bf16.
float smallValue(SplitMix64 &random) { return float(int(random.next() >> 56) - 128) / 64; }

/// f16 bits of a value that f16 holds as a normal number or zero.
uint16_t halfBits(float value) {
  const uint32_t bits = floatBits(value);
  const uint32_t sign = bits >> 16 & 0x8000;
  if (!(bits & 0x7fffffff))
    return uint16_t(sign);
  return uint16_t(sign | ((bits >> 13 & 0x3ffff) - (112 << 10)));
}

/// Fixed operands: x = 127 or -127; the alternating pattern flips the sign of x with the
/// column and that of the weights with column and row, so that all products of a row
/// have one sign.
void fillFixed(const LinearInfo &linear, const LinearAnswer &answer, RowRange rows,
               LinearOperands &operands) {
  const bool alternating = answer.pattern == AnswerPattern::Alternating;
  const float x = answer.pattern == AnswerPattern::Negative ? -127.0f : 127.0f;
  for (uint64_t i = 0; i < operands.x.size(); ++i)
    operands.x[i] = alternating && (i % linear.in) % 2 ? -x : x;
  // Rows of one parity are equal.
  auto fill = [&](auto &weights, auto even, auto odd) {
    const uint64_t columns = weights.empty() ? 0 : linear.in;
    for (uint64_t row = 0; row < rows.count; ++row) {
      auto *target = weights.data() + row * columns;
      if (row >= 2) {
        std::copy_n(target - 2 * columns, columns, target);
        continue;
      }
      for (uint64_t column = 0; column < columns; ++column)
        target[column] = (rows.first + row + column) % 2 ? odd : even;
    }
  };
  fill(operands.codes, extremeCode(linear.scheme, false), extremeCode(linear.scheme, alternating));
  fill(operands.values, 1.0f, alternating ? -1.0f : 1.0f);
  for (float &scale : operands.scales)
    scale = 1;
  for (float &bias : operands.bias)
    bias = 1;
}

void fillRandom(const LinearInfo &linear, const LinearAnswer &answer, RowRange rows,
                LinearOperands &operands) {
  SplitMix64 random(answer.seed);
  for (float &x : operands.x)
    x = float(int32_t(random.next() >> 40) - (1 << 23)) / (1 << 20);
  // `perRow` numbers for each row; `fill` takes those of the wanted ones.
  auto ofRows = [&](uint64_t perRow, auto fill) {
    random.skip(rows.first * perRow);
    fill();
    random.skip((linear.out - rows.first - rows.count) * perRow);
  };
  auto fill = [&](auto &values, uint64_t perRow, auto make) {
    ofRows(perRow, [&] {
      for (auto &value : values)
        value = make();
    });
  };
  const bool quantized = !operands.codes.empty();
  ofRows(quantized ? linear.in : 0,
         [&] { fillRandomCodes(linear.scheme, random, operands.codes); });
  auto scale = [&] { return float(1024 + (random.next() >> 54)) / (1 << 17); };
  if (linear.granularity == Granularity::Tensor)
    operands.scales[0] = scale();
  else
    fill(operands.scales, operands.scales.size() / std::max<uint64_t>(1, rows.count), scale);
  fill(operands.values, quantized ? 0 : linear.in, [&] { return smallValue(random); });
  fill(operands.bias, linear.bias ? 1 : 0, [&] { return smallValue(random); });
}

} // namespace

Result<LinearOperands> makeLinearOperands(const LinearInfo &linear, const LinearAnswer &answer) {
  return makeLinearRows(linear, answer, 0, linear.out);
}

Result<LinearOperands> makeLinearRows(const LinearInfo &linear, const LinearAnswer &answer,
                                      uint64_t first, uint64_t count) {
  uint64_t weights, inputs;
  if (!checkedMul(linear.out, linear.in, weights) || weights > kMaxAnswerWeights ||
      !checkedMul(answer.rows, linear.in, inputs) || inputs > kMaxAnswerWeights)
    return Status(StatusCode::RESOURCE_LIMIT, "the linear layer " + std::to_string(linear.out) +
                                                  "x" + std::to_string(linear.in) +
                                                  " is too large for a known answer");
  LinearOperands operands;
  operands.x.resize(inputs);
  operands.bias.resize(linear.bias ? count : 0);
  if (isQuantized(linear.scheme)) {
    operands.codes.resize(count * linear.in);
    Result<uint64_t> scales = scaleCount(linear.granularity, linear.groupSize, count, linear.in);
    if (!scales.ok())
      return std::move(scales).status();
    operands.scales.resize(*scales);
  } else {
    operands.values.resize(count * linear.in);
  }
  const RowRange rows = {first, count};
  if (answer.pattern == AnswerPattern::Random)
    fillRandom(linear, answer, rows, operands);
  else
    fillFixed(linear, answer, rows, operands);
  prunePairs(linear, rows, operands.codes);
  return operands;
}

std::vector<uint8_t> encodeValues(Scheme scheme, const std::vector<float> &values) {
  std::vector<uint8_t> bytes(values.size() * elementBytes(scheme));
  uint8_t *out = bytes.data();
  for (float value : values) {
    const uint32_t bits = scheme == Scheme::F16    ? halfBits(value)
                          : scheme == Scheme::BF16 ? floatBits(value) >> 16
                                                   : floatBits(value);
    for (uint64_t i = 0; i < elementBytes(scheme); ++i)
      *out++ = uint8_t(bits >> 8 * i);
  }
  return bytes;
}

Result<EncodedLinear> encodeLinearOperands(const LinearInfo &linear,
                                           const LinearOperands &operands) {
  EncodedLinear encoded;
  if (linear.bias)
    encoded.bias = encodeValues(*linear.bias, operands.bias);
  if (!isQuantized(linear.scheme)) {
    encoded.weights = encodeValues(linear.scheme, operands.values);
    return encoded;
  }
  Result<uint64_t> size = layoutBytes(linear.layout, linear.out, linear.in, 1);
  if (!size.ok())
    return std::move(size).status();
  encoded.weights.resize(*size);
  if (Status status = encodeLayout(linear.layout, operands.codes.data(), linear.out, linear.in,
                                   encoded.weights.data());
      !status.ok())
    return status;
  encoded.scales =
      encodeValues(linear.scaleType == ScaleType::F16 ? Scheme::F16 : Scheme::F32, operands.scales);
  return encoded;
}

Result<std::vector<std::vector<uint8_t>>> makeFunctionInputs(const Metadata &metadata,
                                                             uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<std::vector<uint8_t>> inputs;
  for (const ValueInfo &value : metadata.inputs) {
    uint64_t elements = 1;
    for (uint64_t dim : value.dims)
      if (!checkedMul(elements, dim == kDynamicDim ? 1 : dim, elements) ||
          elements > kMaxAnswerWeights)
        return Status(StatusCode::RESOURCE_LIMIT,
                      "input " + value.name + " is too large for a known answer");
    std::vector<uint8_t> bytes(elements * 4);
    for (uint64_t i = 0; i < elements; ++i) {
      const uint64_t number = random.next();
      const float f = float(int32_t(number >> 40) - (1 << 23)) / (1 << 23);
      storeU32(bytes.data() + 4 * i,
               value.type == DataType::F32 ? floatBits(f) : uint32_t(number >> 56));
    }
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

Digest outputDigest(const float *values, uint64_t count) {
  Sha256 hash;
  for (uint64_t i = 0; i < count; ++i) {
    uint8_t bytes[4];
    storeU32(bytes, floatBits(values[i]));
    hash.update(bytes, 4);
  }
  return hash.finish();
}

} // namespace lobit
