#include "runtime/format/I6Tile.h"
#include "runtime/format/ByteView.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/Pair24.h"

#include <algorithm>
#include <cstring>

namespace lobit {
namespace {

constexpr uint64_t kChunk = 8;
constexpr uint64_t kStepBytes = 192, kPlaneBytes = 64, kMasks = 4 * kStepBytes;

Status refuse(const std::string &what, uint64_t row, uint64_t column) {
  return Status(StatusCode::MALFORMED,
                what + " near row " + std::to_string(row) + ", column " + std::to_string(column));
}

/// Where the 28 bits of chunk `chunk` of a row lie in a column block.
struct Place {
  Place(uint64_t rowInBlock, uint64_t chunk)
      : plane(unsigned(2 * (chunk % 2) + rowInBlock / 16)),
        codes(kStepBytes * (chunk / 2) + 4 * (rowInBlock % 16)),
        mask(kMasks + 4 * rowInBlock + chunk / 2), maskShift(unsigned(4 * (chunk % 2))) {}

  unsigned plane;
  uint64_t codes, mask;
  unsigned maskShift;
};

/// Codes u = v + 32 of four bytes: plane 3 is in the two low bits of the other planes.
void putCodes(uint8_t *block, const Place &place, const uint8_t *u) {
  for (uint64_t j = 0; j < 4; ++j) {
    uint8_t *at = block + place.codes + j;
    if (place.plane < 3)
      at[kPlaneBytes * place.plane] |= uint8_t(u[j] << 2);
    else
      for (unsigned p = 0; p < 3; ++p)
        at[kPlaneBytes * p] |= uint8_t(u[j] >> 2 * p & 3);
  }
}

void getCodes(const uint8_t *block, const Place &place, uint8_t *u) {
  for (uint64_t j = 0; j < 4; ++j) {
    const uint8_t *at = block + place.codes + j;
    u[j] = place.plane < 3
               ? uint8_t(at[kPlaneBytes * place.plane] >> 2)
               : uint8_t((at[0] & 3) | (at[kPlaneBytes] & 3) << 2 | (at[2 * kPlaneBytes] & 3) << 4);
  }
}

/// Bit p: pair p is one of the two of the nibble p0 + 4 p1.
unsigned maskOf(unsigned nibble) { return 1u << (nibble & 3) | 1u << (nibble >> 2); }

/// The nibble of a mask, or 0 when it has not two bits.
unsigned nibbleOf(unsigned mask) {
  for (unsigned nibble : kPair24Nibbles)
    if (maskOf(nibble) == mask)
      return nibble;
  return 0;
}

/// The four codes in the payload of an i6_pair24 chunk.
void splitPayload(const uint8_t *payload, uint8_t *u) {
  const uint32_t word = payload[0] | uint32_t(payload[1]) << 8 | uint32_t(payload[2]) << 16;
  for (unsigned j = 0; j < 4; ++j)
    u[j] = uint8_t((word >> 6 * j & 63) ^ 32);
}

void joinPayload(const uint8_t *u, uint8_t *payload) {
  uint32_t word = 0;
  for (unsigned j = 0; j < 4; ++j)
    word |= uint32_t(u[j] ^ 32) << 6 * j;
  for (unsigned i = 0; i < 3; ++i)
    payload[i] = uint8_t(word >> 8 * i);
}

int32_t sumOf(const int8_t *codes) {
  int32_t sum = 0;
  for (uint64_t i = 0; i < kChunk; ++i)
    sum += codes[i];
  return sum;
}

} // namespace

Status encodeI6Tile(const int8_t *codes, uint64_t rows, uint64_t columns, uint8_t *out) {
  Status status = checkPair24Codes(codes, rows, columns);
  if (!status.ok())
    return status;
  const uint64_t blocks = ceilDiv(columns, kI6TileColumns);
  const uint64_t blockBytes = kI6TileSums + blocks * kI6TileBytes;
  for (uint64_t first = 0; first < rows; first += kI6TileRows, out += blockBytes) {
    std::memset(out, 0, blockBytes);
    for (uint64_t r = 0; r < kI6TileRows; ++r) {
      uint32_t sum = 0;
      for (uint64_t chunk = 0; chunk < kChunk * blocks; ++chunk) {
        const uint64_t column = kChunk * chunk;
        int8_t padded[kChunk] = {};
        if (first + r < rows && column < columns)
          std::memcpy(padded, codes + (first + r) * columns + column,
                      std::min(kChunk, columns - column));
        uint8_t payload[3], u[4];
        const unsigned nibble = packPair24Chunk(padded, payload);
        splitPayload(payload, u);
        uint8_t *block = out + kI6TileSums + chunk / 8 * kI6TileBytes;
        const Place place(r, chunk % 8);
        putCodes(block, place, u);
        block[place.mask] |= uint8_t(maskOf(nibble) << place.maskShift);
        sum += uint32_t(sumOf(padded));
      }
      storeU32(out + 4 * r, sum);
    }
  }
  return Status();
}

Status decodeI6Tile(const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes) {
  const uint64_t blocks = ceilDiv(columns, kI6TileColumns);
  for (uint64_t first = 0; first < rows;
       first += kI6TileRows, bytes += kI6TileSums + blocks * kI6TileBytes)
    for (uint64_t r = 0; r < kI6TileRows; ++r) {
      const uint64_t row = first + r;
      uint32_t sum = 0;
      for (uint64_t chunk = 0; chunk < kChunk * blocks; ++chunk) {
        const uint64_t column = kChunk * chunk;
        const uint64_t count =
            row < rows && column < columns ? std::min(kChunk, columns - column) : 0;
        const uint8_t *block = bytes + kI6TileSums + chunk / 8 * kI6TileBytes;
        const Place place(r, chunk % 8);
        const unsigned nibble = nibbleOf(block[place.mask] >> place.maskShift & 15);
        if (!nibble)
          return refuse("an invalid pair mask", row, column);
        uint8_t u[4], payload[3], again[3];
        int8_t unpacked[kChunk];
        getCodes(block, place, u);
        joinPayload(u, payload);
        unpackPair24Chunk(payload, nibble, unpacked);
        if (std::any_of(unpacked + count, unpacked + kChunk, [](int8_t code) { return code != 0; }))
          return refuse("padding that is not the code of zero", row, column + count);
        if (packPair24Chunk(unpacked, again) != nibble)
          return refuse("a pair of zeros kept where a lower one has to be", row, column);
        sum += uint32_t(sumOf(unpacked));
        if (codes && count)
          std::memcpy(codes + row * columns + column, unpacked, count);
      }
      const uint32_t stored = loadU32(bytes + 4 * r);
      if (stored != sum)
        return Status(StatusCode::MALFORMED, "the sum of the weight codes of row " +
                                                 std::to_string(row) + ": expected " +
                                                 std::to_string(int32_t(sum)) + ", found " +
                                                 std::to_string(int32_t(stored)));
    }
  return Status();
}

} // namespace lobit
