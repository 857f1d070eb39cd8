/// \file
/// The bytes of layout i6_tile.
#ifndef LOBIT_FORMAT_I6TILE_H
#define LOBIT_FORMAT_I6TILE_H

#include "runtime/format/Status.h"

#include <cstdint>

namespace lobit {

constexpr uint64_t kI6TileRows = 32;
constexpr uint64_t kI6TileColumns = 64;
/// The i32 sums of the codes of 32 rows.
constexpr uint64_t kI6TileSums = 128;
/// 64 columns of 32 rows: 4 steps of 192 bytes of codes, 128 bytes of masks.
constexpr uint64_t kI6TileBytes = 896;

/// As encodeLayout and decodeLayout.
Status encodeI6Tile(const int8_t *codes, uint64_t rows, uint64_t columns, uint8_t *out);
Status decodeI6Tile(const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes);

} // namespace lobit

#endif // LOBIT_FORMAT_I6TILE_H
