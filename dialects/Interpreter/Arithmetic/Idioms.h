/// \file
/// The arithmetic ops of the ukernel dialect, lane by lane.
#ifndef LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_IDIOMS_H
#define LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_IDIOMS_H

#include <cstdint>

namespace lobit::reference {

/// out[i] = table[indices[i]], i < n, indices 0..15.
void tableLookup(const int8_t *table, const int8_t *indices, int64_t n, int8_t *out);
/// acc[i] += sum over j < 4 of u8 lhs[4i + j] * s8 rhs[4i + j], i < n.
void dotI8(const int8_t *lhs, const int8_t *rhs, int64_t n, int32_t *acc);
/// acc[i] += sum over j < 4 of s8 lhs[4i + j] * s8 rhs[4i + j], i < n.
void dotS8(const int8_t *lhs, const int8_t *rhs, int64_t n, int32_t *acc);
/// acc[2i + j] += sum over k < 8 of u8 lhs[8i + k] * s8 rhs[8j + k], i, j < 2.
void matmulI8(const int8_t *lhs, const int8_t *rhs, int32_t *acc);
/// acc[i] += sum over j < 2 of u8 lhs[2i + j] * s8 rhs[2i + j], i < n, without overflow.
void dotI8Pairs(const int8_t *lhs, const int8_t *rhs, int64_t n, int16_t *acc);
/// acc[i] += s8 lhs[i] * s8 rhs[i] + s8 lhs[n + i] * s8 rhs[n + i], i < n, without overflow.
void dotS8Halves(const int8_t *lhs, const int8_t *rhs, int64_t n, int16_t *acc);
/// acc[i] += s8 lhs[i] * s8 rhs[i], i < n, without overflow.
void multiplyAddS8(const int8_t *lhs, const int8_t *rhs, int64_t n, int16_t *acc);
/// acc[i] += input[2i] + input[2i + 1], i < n.
void widenAdd(const int16_t *input, int64_t n, int32_t *acc);
/// The two bits 2 * plane and 2 * plane + 1 of a byte, shifted down unless `inPlace`.
int8_t unpackPlane(int8_t byte, int64_t plane, bool inPlace);
/// The code v = u - 32 of one byte of three vectors that hold four; 4 v with `inPlace`.
int8_t unpackI6(int8_t first, int8_t second, int8_t third, int64_t plane, bool inPlace);
/// The two of the four pairs of x[8] that `mask` names, as u8 x + 128 when `biased`.
void selectPairs(const int8_t *x, unsigned mask, bool biased, int8_t *out);
/// The pairs values[4] at the two places of eight that `mask` names, the others zero;
/// out[4] is the first or the second half.
void expandPairs(const int8_t *values, unsigned mask, int64_t half, int8_t *out);
/// The planes that hold the five codes of a byte T + 64 u, T = 7 (3 c4 + c3) + w / 4,
/// u = w mod 4, w = 9 c2 + 3 c1 + c0.
void unpackBase3(uint8_t byte, int8_t &low, int8_t &high);
/// Exact f32 of the bits of a binary16 and of a bfloat16.
float widenF16(uint16_t bits);
float widenBF16(uint16_t bits);
/// count * thread / threads, rounded down: where the share of a thread begins.
int64_t shareBegin(int64_t count, int64_t thread, int64_t threads);

} // namespace lobit::reference

#endif // LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_IDIOMS_H
