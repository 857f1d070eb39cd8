/// \file
/// INT6 2:4 pair-sparse rows: of each chunk of 8 columns two adjacent pairs hold codes
/// -32..31, all other codes are 0 (docs/quantization.md, label (Q12)).
#ifndef LOBIT_FORMAT_PAIR24_H
#define LOBIT_FORMAT_PAIR24_H

#include "runtime/format/Status.h"

#include <cstdint>

namespace lobit {

constexpr int8_t kInt6Smallest = -32, kInt6Largest = 31;

/// Columns, payload bytes and metadata bytes of the padding granule of a row.
constexpr uint64_t kPair24Columns = 64, kPair24Payload = 24, kPair24Metadata = 4;

/// The six nibbles p0 | p1 << 2 with p0 < p1, ascending.
constexpr uint8_t kPair24Nibbles[6] = {0x4, 0x8, 0x9, 0xc, 0xd, 0xe};

constexpr bool isPair24Nibble(unsigned nibble) { return (nibble & 3) < (nibble >> 2); }

/// Whether the pairs that `nibble` names are the ones a chunk keeps: pair `column / 2`.
constexpr bool pair24Keeps(unsigned nibble, uint64_t column) {
  const unsigned pair = unsigned(column % 8 / 2);
  return pair == (nibble & 3) || pair == nibble >> 2;
}

/// Packs one chunk of 8 codes -32..31 into 3 bytes and returns its nibble: the pairs
/// that are not zero, then the lowest others. 0, which is no nibble, when more than two
/// pairs are not zero; then `payload` is not written.
unsigned packPair24Chunk(const int8_t *codes, uint8_t *payload);

/// The inverse for one of the six nibbles.
void unpackPair24Chunk(const uint8_t *payload, unsigned nibble, int8_t *codes);

/// MALFORMED names row and column of a code outside -32..31, or the chunk that has more
/// than two pairs other than zero.
Status checkPair24Codes(const int8_t *codes, uint64_t rows, uint64_t columns);

/// The codec of i6_pair24; `codes` of decode may be null: then the bytes are only
/// checked.
Status encodePair24(const int8_t *codes, uint64_t rows, uint64_t columns, uint8_t *out);
Status decodePair24(const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes);

} // namespace lobit

#endif // LOBIT_FORMAT_PAIR24_H
