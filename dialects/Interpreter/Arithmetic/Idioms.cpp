#include "dialects/Interpreter/Arithmetic/Idioms.h"

#include <cstring>

namespace lobit::reference {

static float floatOfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void tableLookup(const int8_t *table, const int8_t *indices, int64_t n, int8_t *out) {
  for (int64_t i = 0; i < n; ++i)
    out[i] = table[indices[i] & 15];
}

void dotI8(const int8_t *lhs, const int8_t *rhs, int64_t n, int32_t *acc) {
  for (int64_t i = 0; i < 4 * n; ++i)
    acc[i / 4] += int32_t(uint8_t(lhs[i])) * int32_t(rhs[i]);
}

void dotS8(const int8_t *lhs, const int8_t *rhs, int64_t n, int32_t *acc) {
  for (int64_t i = 0; i < 4 * n; ++i)
    acc[i / 4] += int32_t(lhs[i]) * int32_t(rhs[i]);
}

void matmulI8(const int8_t *lhs, const int8_t *rhs, int32_t *acc) {
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 2; ++j)
      for (int64_t k = 0; k < 8; ++k)
        acc[2 * i + j] += int32_t(uint8_t(lhs[8 * i + k])) * int32_t(rhs[8 * j + k]);
}

void dotI8Pairs(const int8_t *lhs, const int8_t *rhs, int64_t n, int16_t *acc) {
  for (int64_t i = 0; i < 2 * n; ++i)
    acc[i / 2] = int16_t(acc[i / 2] + int32_t(uint8_t(lhs[i])) * int32_t(rhs[i]));
}

void dotS8Halves(const int8_t *lhs, const int8_t *rhs, int64_t n, int16_t *acc) {
  for (int64_t i = 0; i < 2 * n; ++i)
    acc[i % n] = int16_t(acc[i % n] + int32_t(lhs[i]) * int32_t(rhs[i]));
}

void multiplyAddS8(const int8_t *lhs, const int8_t *rhs, int64_t n, int16_t *acc) {
  for (int64_t i = 0; i < n; ++i)
    acc[i] = int16_t(acc[i] + int32_t(lhs[i]) * int32_t(rhs[i]));
}

void widenAdd(const int16_t *input, int64_t n, int32_t *acc) {
  for (int64_t i = 0; i < 2 * n; ++i)
    acc[i / 2] += input[i];
}

int8_t unpackPlane(int8_t byte, int64_t plane, bool inPlace) {
  unsigned mask = 3u << (2 * plane);
  unsigned bits = uint8_t(byte) & mask;
  return int8_t(inPlace ? bits : bits >> (2 * plane));
}

int8_t unpackI6(int8_t first, int8_t second, int8_t third, int64_t plane, bool inPlace) {
  const unsigned bytes[3] = {uint8_t(first), uint8_t(second), uint8_t(third)};
  unsigned u =
      plane < 3 ? bytes[plane] >> 2 : (bytes[0] & 3) | (bytes[1] & 3) << 2 | (bytes[2] & 3) << 4;
  int v = int(u) - 32;
  return int8_t(inPlace ? 4 * v : v);
}

void selectPairs(const int8_t *x, unsigned mask, bool biased, int8_t *out) {
  for (int pair = 0, kept = 0; pair < 4 && kept < 2; ++pair)
    if (mask >> pair & 1) {
      for (int i = 0; i < 2; ++i)
        out[2 * kept + i] = int8_t(uint8_t(x[2 * pair + i] + (biased ? 128 : 0)));
      ++kept;
    }
}

void expandPairs(const int8_t *values, unsigned mask, int64_t half, int8_t *out) {
  int8_t all[8] = {};
  for (int pair = 0, kept = 0; pair < 4 && kept < 2; ++pair)
    if (mask >> pair & 1) {
      std::memcpy(all + 2 * pair, values + 2 * kept, 2);
      ++kept;
    }
  std::memcpy(out, all + 4 * half, 4);
}

void unpackBase3(uint8_t byte, int8_t &low, int8_t &high) {
  unsigned t = byte & 63, u = byte >> 6, w = t % 7 * 4 + u;
  low = int8_t(w % 3 | w / 3 % 3 << 2 | w / 9 << 4);
  high = int8_t(t / 7 / 3 | t % 7 << 2 | t / 7 % 3 << 6);
}

float widenBF16(uint16_t bits) { return floatOfBits(uint32_t(bits) << 16); }

float widenF16(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000u) << 16;
  uint32_t magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) // infinity; NaN keeps its payload
    return floatOfBits(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  // The exponent moves from bias 15 to bias 127; the product is exact, subnormals too.
  float value = floatOfBits(magnitude << 13) * 0x1p112f;
  return sign ? -value : value;
}

int64_t shareBegin(int64_t count, int64_t thread, int64_t threads) {
  return count * thread / threads;
}

} // namespace lobit::reference
