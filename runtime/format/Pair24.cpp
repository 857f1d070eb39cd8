#include "runtime/format/Pair24.h"
#include "runtime/format/CheckedMath.h"

#include <algorithm>
#include <cstring>

namespace lobit {
namespace {

constexpr uint64_t kChunk = 8;

std::string placeOf(uint64_t row, uint64_t column) {
  return "row " + std::to_string(row) + ", column " + std::to_string(column);
}

/// The first fault of a chunk whose codes begin at `column` of `row`.
Status badChunk(const int8_t *chunk, uint64_t row, uint64_t column) {
  for (uint64_t i = 0; i < kChunk; ++i)
    if (chunk[i] < kInt6Smallest || chunk[i] > kInt6Largest)
      return Status(StatusCode::MALFORMED, "weight code at " + placeOf(row, column + i) +
                                               ": expected -32..31, found " +
                                               std::to_string(chunk[i]));
  return Status(StatusCode::MALFORMED, "the 8 weight codes from " + placeOf(row, column) +
                                           ": expected at most two pairs that are not 0, "
                                           "found more");
}

bool inRange(const int8_t *chunk) {
  // Valid exactly when code + 32 <= 63 as unsigned.
  unsigned bad = 0;
  for (uint64_t i = 0; i < kChunk; ++i)
    bad |= uint8_t(chunk[i] + 32) & 0xc0;
  return !bad;
}

/// Calls `body(chunk, row, column)` for the chunks of a padded row; stops at a failure.
template <typename Body>
Status forChunks(const int8_t *codes, uint64_t row, uint64_t columns, uint64_t padded,
                 const Body &body) {
  for (uint64_t column = 0; column < padded; column += kChunk) {
    int8_t chunk[kChunk] = {};
    if (column < columns)
      std::memcpy(chunk, codes + row * columns + column, std::min(kChunk, columns - column));
    if (!inRange(chunk) || !body(chunk, column))
      return badChunk(chunk, row, column);
  }
  return Status();
}

/// The nibble for each set of pairs that are not zero; 0 for more than two of them.
struct NibbleTable {
  uint8_t ofPairs[16];
  constexpr NibbleTable() : ofPairs() {
    for (unsigned used = 0; used < 16; ++used)
      for (unsigned nibble : kPair24Nibbles) {
        const unsigned kept = 1u << (nibble & 3) | 1u << (nibble >> 2);
        // Ascending nibbles: the first that fits adds the lowest pairs.
        if (!ofPairs[used] && !(used & ~kept))
          ofPairs[used] = uint8_t(nibble);
      }
  }
};
constexpr NibbleTable nibbleTable;

} // namespace

unsigned packPair24Chunk(const int8_t *codes, uint8_t *payload) {
  unsigned used = 0;
  for (unsigned pair = 0; pair < 4; ++pair)
    used |= unsigned((codes[2 * pair] | codes[2 * pair + 1]) != 0) << pair;
  const unsigned nibble = nibbleTable.ofPairs[used];
  if (!nibble)
    return 0;
  const int8_t *first = codes + 2 * (nibble & 3), *second = codes + 2 * (nibble >> 2);
  const uint32_t word = (uint32_t(first[0]) & 63) | (uint32_t(first[1]) & 63) << 6 |
                        (uint32_t(second[0]) & 63) << 12 | (uint32_t(second[1]) & 63) << 18;
  for (unsigned i = 0; i < 3; ++i)
    payload[i] = uint8_t(word >> 8 * i);
  return nibble;
}

void unpackPair24Chunk(const uint8_t *payload, unsigned nibble, int8_t *codes) {
  const uint32_t word = payload[0] | uint32_t(payload[1]) << 8 | uint32_t(payload[2]) << 16;
  std::memset(codes, 0, kChunk);
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned pair = i < 2 ? nibble & 3 : nibble >> 2;
    codes[2 * pair + i % 2] = int8_t(int((word >> 6 * i & 63) ^ 32) - 32);
  }
}

Status checkPair24Codes(const int8_t *codes, uint64_t rows, uint64_t columns) {
  for (uint64_t row = 0; row < rows; ++row) {
    Status status = forChunks(codes, row, columns, columns, [](const int8_t *chunk, uint64_t) {
      uint8_t payload[3];
      return packPair24Chunk(chunk, payload) != 0;
    });
    if (!status.ok())
      return status;
  }
  return Status();
}

Status encodePair24(const int8_t *codes, uint64_t rows, uint64_t columns, uint8_t *out) {
  const uint64_t padded = roundUp(columns, kPair24Columns), blocks = padded / kPair24Columns;
  for (uint64_t row = 0; row < rows; ++row) {
    uint8_t *payload = out + row * blocks * (kPair24Payload + kPair24Metadata);
    uint8_t *metadata = payload + blocks * kPair24Payload;
    std::memset(metadata, 0, blocks * kPair24Metadata);
    Status status =
        forChunks(codes, row, columns, padded, [&](const int8_t *chunk, uint64_t column) {
          const uint64_t i = column / kChunk;
          const unsigned nibble = packPair24Chunk(chunk, payload + 3 * i);
          // Bits 4 (i mod 8) of little-endian word i / 8.
          metadata[i / 2] = uint8_t(metadata[i / 2] | nibble << 4 * (i % 2));
          return nibble != 0;
        });
    if (!status.ok())
      return status;
  }
  return Status();
}

Status decodePair24(const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes) {
  const uint64_t blocks = ceilDiv(columns, kPair24Columns);
  auto refuse = [](const char *what, uint64_t row, uint64_t column) {
    return Status(StatusCode::MALFORMED, what + (" near " + placeOf(row, column)));
  };
  for (uint64_t row = 0; row < rows; ++row) {
    const uint8_t *payload = bytes + row * blocks * (kPair24Payload + kPair24Metadata);
    const uint8_t *metadata = payload + blocks * kPair24Payload;
    for (uint64_t i = 0; i < blocks * 8; ++i) {
      const uint64_t column = kChunk * i;
      const uint64_t count = column < columns ? std::min(kChunk, columns - column) : 0;
      const unsigned nibble = metadata[i / 2] >> 4 * (i % 2) & 15;
      if (!isPair24Nibble(nibble))
        return refuse("an invalid pair nibble", row, column);
      int8_t chunk[kChunk];
      unpackPair24Chunk(payload + 3 * i, nibble, chunk);
      if (std::any_of(chunk + count, chunk + kChunk, [](int8_t code) { return code != 0; }))
        return refuse("padding that is not the code of zero", row, column + count);
      uint8_t again[3];
      if (packPair24Chunk(chunk, again) != nibble)
        return refuse("a pair of zeros kept where a lower one has to be", row, column);
      if (codes && count)
        std::memcpy(codes + row * columns + column, chunk, count);
    }
  }
  return Status();
}

} // namespace lobit
