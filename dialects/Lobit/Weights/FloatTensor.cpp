#include "dialects/Lobit/Weights/FloatTensor.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/WiderClones.h"

#include <algorithm>
#include <limits>

using namespace lobit;

const char *lobit::nonFinitePolicyWord(NonFinitePolicy policy) {
  switch (policy) {
  case NonFinitePolicy::Error:
    return "error";
  case NonFinitePolicy::Zero:
    return "zero";
  case NonFinitePolicy::Clamp:
    break;
  }
  return "clamp";
}

bool lobit::parseNonFinitePolicy(std::string_view word, NonFinitePolicy &policy) {
  for (NonFinitePolicy candidate :
       {NonFinitePolicy::Error, NonFinitePolicy::Zero, NonFinitePolicy::Clamp})
    if (word == nonFinitePolicyWord(candidate)) {
      policy = candidate;
      return true;
    }
  return false;
}

static int64_t elementBytes(ElementType type) { return type == ElementType::F32 ? 4 : 2; }

/// The largest magnitude: all are finite when it is below the one with all exponent bits set.
template <typename Signed>
static inline __attribute__((always_inline)) Signed largestMagnitude(const uint8_t *bytes,
                                                                     int64_t count) {
  constexpr Signed magnitude = std::numeric_limits<Signed>::max();
  Signed largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    Signed bits;
    std::memcpy(&bits, bytes + int64_t(sizeof(bits)) * i, sizeof(bits));
    largest = std::max(largest, Signed(bits & magnitude));
  }
  return largest;
}

LOBIT_WIDER_CLONES bool lobit::areFinite(ElementType type, const uint8_t *bytes, int64_t count) {
  if (type == ElementType::F32)
    return largestMagnitude<int32_t>(bytes, count) < 0x7f800000;
  return largestMagnitude<int16_t>(bytes, count) < (type == ElementType::F16 ? 0x7c00 : 0x7f80);
}

bool FloatTensor::areFinite(int64_t first, int64_t count) const {
  return lobit::areFinite(type_, bytes_ + first * elementBytes(type_), count);
}

Result<FloatTensor> FloatTensor::create(std::string name, const TensorData &data, int64_t rows,
                                        int64_t columns) {
  if (data.type == ElementType::Int8Codes || data.type == ElementType::HfPackedTernary)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "tensor '" + name + "' holds codes where float values are expected");
  uint64_t expected = uint64_t(rows) * uint64_t(columns) * uint64_t(elementBytes(data.type));
  if (data.size != expected)
    return Status(StatusCode::MISMATCH, "tensor '" + name + "' has " + std::to_string(data.size) +
                                            " bytes, expected " + std::to_string(expected) +
                                            " for " + std::to_string(rows) + " rows of " +
                                            std::to_string(columns) + " columns");
  FloatTensor tensor;
  tensor.name_ = std::move(name);
  tensor.type_ = data.type;
  tensor.bytes_ = data.bytes;
  tensor.keepAlive_ = data.keepAlive;
  tensor.rows_ = rows;
  tensor.columns_ = columns;
  tensor.finite_ = data.finite;
  return tensor;
}

LOBIT_WIDER_CLONES static void widenBf16(const uint8_t *from, int64_t count, float *out) {
  for (int64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, from + 2 * i, 2);
    out[i] = bf16ToFloat(bits);
  }
}

void FloatTensor::prefetch(int64_t first, int64_t count) const {
  constexpr int64_t line = 64;
  const int64_t bytes = elementBytes(type_), end = std::min(size(), first + count) * bytes;
  for (int64_t at = first * bytes; at < end; at += line)
    __builtin_prefetch(bytes_ + at);
}

void FloatTensor::widenStored(int64_t first, int64_t count, float *out) const {
  const uint8_t *from = bytes_ + first * elementBytes(type_);
  if (type_ == ElementType::F32) {
    std::memcpy(out, from, size_t(count) * 4);
    return;
  }
  if (type_ == ElementType::BF16) {
    widenBf16(from, count, out);
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, from + 2 * i, 2);
    out[i] = f16ToFloat(bits);
  }
}

void FloatTensor::widen(int64_t first, int64_t count, float *out) const {
  widenStored(first, count, out);
  if (!replace_)
    return;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits = floatBits(out[i]), magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
      out[i] = 0;
    else if (magnitude == 0x7f800000u)
      out[i] = bits >> 31 ? -infinity_ : infinity_;
  }
}

Status FloatTensor::checkFinite(NonFinitePolicy policy, int64_t *replaced) {
  if (finite_) {
    if (replaced)
      *replaced = 0;
    return Status();
  }
  std::vector<float> values(size_t(std::min<int64_t>(size(), 4096)));
  uint32_t largestFinite = 0;
  int64_t found = 0;
  for (int64_t first = 0; first < size(); first += int64_t(values.size())) {
    int64_t count = std::min<int64_t>(int64_t(values.size()), size() - first);
    widenStored(first, count, values.data());
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; ++i)
      largest = std::max(largest, floatBits(values[size_t(i)]) & 0x7fffffffu);
    if (largest < 0x7f800000u) {
      largestFinite = std::max(largestFinite, largest);
      continue;
    }
    for (int64_t i = 0; i < count; ++i) {
      uint32_t magnitude = floatBits(values[size_t(i)]) & 0x7fffffffu;
      if (magnitude < 0x7f800000u) {
        largestFinite = std::max(largestFinite, magnitude);
        continue;
      }
      ++found;
      if (policy == NonFinitePolicy::Error)
        return Status(StatusCode::MALFORMED,
                      "tensor '" + name_ + "' has " +
                          (magnitude > 0x7f800000u ? "a NaN" : "an infinity") + " at row " +
                          std::to_string((first + i) / columns_) + ", column " +
                          std::to_string((first + i) % columns_) +
                          "; repair the checkpoint, or choose nonfinite=zero or nonfinite=clamp");
    }
  }
  replace_ = found != 0;
  infinity_ = policy == NonFinitePolicy::Clamp ? bitsToFloat(largestFinite) : 0.0f;
  if (replaced)
    *replaced = found;
  return Status();
}
