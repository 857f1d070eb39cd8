#include "runtime/format/LayoutCodec.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/I6Tile.h"
#include "runtime/format/Pair24.h"
#include "runtime/format/Sha256.h"

#include <algorithm>
#include <cstring>

namespace lobit {
namespace {

// Eight codes at a time, one per byte of a word. The byte order of the word does not
// matter: no operation moves a value from one byte to another.
constexpr uint64_t everyByte(uint8_t value) { return 0x0101010101010101ull * value; }

uint64_t loadWord(const void *bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  return word;
}
void storeWord(void *bytes, uint64_t word) { std::memcpy(bytes, &word, 8); }

/// c = t + 1 of each byte: the low seven bits cannot carry out, the sign bit is added
/// without carry.
uint64_t ternaryToCode(uint64_t t) {
  return ((t & everyByte(0x7f)) + everyByte(1)) ^ (t & everyByte(0x80));
}
/// t = c - 1 for c in 0..3.
uint64_t codeToTernary(uint64_t c) {
  return ((c | everyByte(0x80)) - everyByte(1)) ^ everyByte(0x80);
}
/// Nonzero when a byte is not 0, 1 or 2.
uint64_t invalidCodes(uint64_t c) { return (c & everyByte(0xfc)) | (c & (c >> 1) & everyByte(1)); }
/// Nonzero when a byte is zero.
uint64_t zeroBytes(uint64_t word) { return (word - everyByte(1)) & ~word & everyByte(0x80); }

Status badCode(uint64_t row, uint64_t column, int code, const char *expected) {
  return Status(StatusCode::MALFORMED, "weight code at row " + std::to_string(row) + ", column " +
                                           std::to_string(column) + ": expected " + expected +
                                           ", found " + std::to_string(code));
}
Status badByte(uint64_t row, uint64_t column, const char *what) {
  return Status(StatusCode::MALFORMED, std::string(what) + " near row " + std::to_string(row) +
                                           ", column " + std::to_string(column));
}

// A granule is one row of a column block: `count` <= width codes, then padding. Each
// codec packs and unpacks whole granules of t2_dot and i8_dot; the drivers below
// supply rows and columns of padding.

/// byte j, bits 2p..2p+1 = column 64p + j of the 256.
struct T2DotGranule {
  static constexpr uint64_t rowBlock = 4, width = 256, bytes = 64;
  static constexpr const char *expected = "-1, 0 or 1";
  static bool validCode(int8_t code) { return code >= -1 && code <= 1; }

  /// Returns false on a code outside the scheme.
  static bool pack(const int8_t *codes, uint8_t *out) {
    uint64_t bad = 0;
    for (uint64_t j = 0; j < 64; j += 8) {
      uint64_t word = 0;
      for (unsigned p = 0; p < 4; ++p) {
        uint64_t c = ternaryToCode(loadWord(codes + 64 * p + j));
        bad |= invalidCodes(c);
        word |= c << 2 * p;
      }
      storeWord(out + j, word);
    }
    return !bad;
  }
  static bool unpack(const uint8_t *in, int8_t *codes) {
    uint64_t bad = 0;
    for (uint64_t j = 0; j < 64; j += 8) {
      uint64_t word = loadWord(in + j);
      bad |= word & (word >> 1) & everyByte(0x55);
      for (unsigned p = 0; p < 4; ++p)
        storeWord(codes + 64 * p + j, codeToTernary(word >> 2 * p & everyByte(3)));
    }
    return !bad;
  }
};

/// byte j = column j, stored as q + 128; the byte 0 would be -128.
struct I8DotGranule {
  static constexpr uint64_t rowBlock = 4, width = 64, bytes = 64;
  static constexpr const char *expected = "-127..127";
  static bool validCode(int8_t code) { return code != -128; }

  static bool pack(const int8_t *codes, uint8_t *out) {
    uint64_t bad = 0;
    for (uint64_t j = 0; j < 64; j += 8) {
      uint64_t word = loadWord(codes + j) ^ everyByte(0x80);
      bad |= zeroBytes(word);
      storeWord(out + j, word);
    }
    return !bad;
  }
  static bool unpack(const uint8_t *in, int8_t *codes) {
    uint64_t bad = 0;
    for (uint64_t j = 0; j < 64; j += 8) {
      uint64_t word = loadWord(in + j);
      bad |= zeroBytes(word);
      storeWord(codes + j, word ^ everyByte(0x80));
    }
    return !bad;
  }
};

/// Names the first code of the row piece that is outside the scheme.
template <typename Granule>
Status findBadCode(const int8_t *codes, uint64_t row, uint64_t column, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    if (!Granule::validCode(codes[i]))
      return badCode(row, column + i, codes[i], Granule::expected);
  return Status(StatusCode::INTERNAL, "a weight code was refused without reason");
}

template <typename Granule>
Status encodeDot(const int8_t *codes, uint64_t rows, uint64_t columns, uint8_t *out) {
  constexpr uint64_t width = Granule::width;
  const uint64_t blocks = ceilDiv(columns, width);
  for (uint64_t row = 0; row < roundUp(rows, Granule::rowBlock); ++row) {
    // [group][block][row in group][bytes]
    uint64_t group = row / Granule::rowBlock, inGroup = row % Granule::rowBlock;
    uint8_t *target = out + (group * blocks * Granule::rowBlock + inGroup) * Granule::bytes;
    for (uint64_t block = 0; block < blocks;
         ++block, target += Granule::rowBlock * Granule::bytes) {
      const uint64_t column = block * width;
      const uint64_t count = row < rows ? std::min(width, columns - column) : 0;
      int8_t padded[width];
      const int8_t *source = padded;
      if (count == width) {
        source = codes + row * columns + column;
      } else {
        std::memset(padded, 0, width);
        if (count)
          std::memcpy(padded, codes + row * columns + column, count);
      }
      if (!Granule::pack(source, target))
        return findBadCode<Granule>(source, row, column, count);
    }
  }
  return Status();
}

/// What a decoder without output looks at.
enum class Check { Everything, Padding };

/// The first block of a row that Check::Padding has to look at: `whole` blocks have none.
uint64_t firstToCheck(Check check, uint64_t row, uint64_t rows, uint64_t whole) {
  return check == Check::Padding && row < rows ? whole : 0;
}

bool allZero(const int8_t *codes, uint64_t count) {
  return std::all_of(codes, codes + count, [](int8_t code) { return code == 0; });
}

/// `codes` may be null: then the bytes are only checked, those of whole blocks when
/// `check` says so.
template <typename Granule>
Status decodeDot(const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes,
                 Check check) {
  constexpr uint64_t width = Granule::width;
  const uint64_t blocks = ceilDiv(columns, width);
  for (uint64_t row = 0; row < roundUp(rows, Granule::rowBlock); ++row) {
    uint64_t group = row / Granule::rowBlock, inGroup = row % Granule::rowBlock;
    const uint8_t *first = bytes + (group * blocks * Granule::rowBlock + inGroup) * Granule::bytes;
    for (uint64_t block = firstToCheck(check, row, rows, columns / width); block < blocks;
         ++block) {
      const uint8_t *source = first + block * Granule::rowBlock * Granule::bytes;
      const uint64_t column = block * width;
      const uint64_t count = row < rows ? std::min(width, columns - column) : 0;
      int8_t unpacked[width];
      if (!Granule::unpack(source, unpacked))
        return badByte(row, column, "an invalid weight code");
      if (!allZero(unpacked + count, width - count))
        return badByte(row, column + count, "padding that is not the code of zero");
      if (codes && count)
        std::memcpy(codes + row * columns + column, unpacked, count);
    }
  }
  return Status();
}

// t2_tl1: [block of 32 rows][step of 4 columns][32 bytes], byte r = row r of the block,
// value (3 t0 + t1 + 4) + 16 (3 t2 + t3 + 4) = 3 c0 + c1 + 48 c2 + 16 c3.

constexpr uint64_t tl1Rows = 32, tl1Columns = 4;

uint8_t tl1Byte(const int8_t *t) {
  return uint8_t(3 * (t[0] + 1) + (t[1] + 1) + 48 * (t[2] + 1) + 16 * (t[3] + 1));
}

Status encodeTl1(const int8_t *codes, uint64_t rows, uint64_t columns, uint8_t *out) {
  const uint64_t steps = ceilDiv(columns, tl1Columns), whole = columns / tl1Columns;
  for (uint64_t row = 0; row < roundUp(rows, tl1Rows); ++row) {
    uint8_t *target = out + row / tl1Rows * steps * tl1Rows + row % tl1Rows;
    const int8_t zeros[tl1Columns] = {};
    if (row >= rows) {
      for (uint64_t step = 0; step < steps; ++step)
        target[step * tl1Rows] = tl1Byte(zeros);
      continue;
    }
    const int8_t *source = codes + row * columns;
    uint32_t bad = 0;
    for (uint64_t step = 0; step < whole; ++step) {
      const int8_t *t = source + step * tl1Columns;
      // Valid exactly when t + 1 <= 2 as unsigned.
      bad |= (uint8_t(t[0] + 1) > 2) | (uint8_t(t[1] + 1) > 2) | (uint8_t(t[2] + 1) > 2) |
             (uint8_t(t[3] + 1) > 2);
      target[step * tl1Rows] = tl1Byte(t);
    }
    if (whole < steps) {
      int8_t tail[tl1Columns] = {};
      std::memcpy(tail, source + whole * tl1Columns, columns - whole * tl1Columns);
      for (int8_t t : tail)
        bad |= uint8_t(t + 1) > 2;
      target[whole * tl1Rows] = tl1Byte(tail);
    }
    if (bad)
      return findBadCode<T2DotGranule>(source, row, 0, columns);
  }
  return Status();
}

/// The four codes of every byte, or a first code of 2 for an invalid byte.
struct Tl1Table {
  int8_t codes[256][tl1Columns];
  constexpr Tl1Table() : codes() {
    for (int byte = 0; byte < 256; ++byte) {
      int low = byte & 15, high = byte >> 4;
      if (low > 8 || high > 8) {
        codes[byte][0] = 2;
        continue;
      }
      codes[byte][0] = int8_t(low / 3 - 1);
      codes[byte][1] = int8_t(low % 3 - 1);
      codes[byte][2] = int8_t(high / 3 - 1);
      codes[byte][3] = int8_t(high % 3 - 1);
    }
  }
};
constexpr Tl1Table tl1Table;

Status decodeTl1(const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes,
                 Check check) {
  const uint64_t steps = ceilDiv(columns, tl1Columns);
  for (uint64_t row = 0; row < roundUp(rows, tl1Rows); ++row) {
    const uint8_t *source = bytes + row / tl1Rows * steps * tl1Rows + row % tl1Rows;
    for (uint64_t step = firstToCheck(check, row, rows, columns / tl1Columns); step < steps;
         ++step) {
      const int8_t *t = tl1Table.codes[source[step * tl1Rows]];
      const uint64_t column = step * tl1Columns;
      if (t[0] == 2)
        return badByte(row, column, "an invalid weight code");
      const uint64_t count = row < rows ? std::min(tl1Columns, columns - column) : 0;
      if (count == tl1Columns) {
        if (codes)
          std::memcpy(codes + row * columns + column, t, tl1Columns);
        continue;
      }
      if (!allZero(t + count, tl1Columns - count))
        return badByte(row, column + count, "padding that is not the code of zero");
      if (codes && count)
        std::memcpy(codes + row * columns + column, t, count);
    }
  }
  return Status();
}

// Tiles: [block of 32 rows][128 bytes], four bytes of each row, a "quad". Quads hold the
// same columns for all rows of the block: 16 in t2_tile, 20 in b3_tile, 8 in i4_tile, 4 in
// i8_tile.

constexpr uint64_t tileRows = 32, quadBytes = 4;

/// `columns` of a row are `count` quads.
struct T2TileQuads {
  static constexpr uint64_t columns = 16, count = 1, padding = 16;
  using Invalid = T2DotGranule;

  static bool pack(const int8_t *codes, uint8_t *out) {
    uint64_t low = ternaryToCode(loadWord(codes)), high = ternaryToCode(loadWord(codes + 8));
    // Byte j of the halves of `all`: codes j and 8 + j, codes 4 + j and 12 + j.
    const uint64_t all = low | high << 4;
    uint8_t halves[8];
    storeWord(halves, all);
    uint32_t first, second;
    std::memcpy(&first, halves, quadBytes);
    std::memcpy(&second, halves + quadBytes, quadBytes);
    first |= second << 2;
    std::memcpy(out, &first, quadBytes);
    return !(invalidCodes(low) | invalidCodes(high));
  }
  static bool unpack(const uint8_t *in, int8_t *codes) {
    uint32_t bytes;
    std::memcpy(&bytes, in, quadBytes);
    for (unsigned p = 0; p < 4; ++p) {
      // t = c - 1 in each byte, as in codeToTernary.
      uint32_t t = (((bytes >> 2 * p & 0x03030303u) | 0x80808080u) - 0x01010101u) ^ 0x80808080u;
      std::memcpy(codes + 4 * p, &t, quadBytes);
    }
    return !(bytes & bytes >> 1 & 0x55555555u);
  }
};

struct I8TileQuads {
  static constexpr uint64_t columns = 16, count = 4, padding = 16;
  using Invalid = I8DotGranule;

  static bool pack(const int8_t *codes, uint8_t *out) {
    uint64_t low = loadWord(codes) ^ everyByte(0x80), high = loadWord(codes + 8) ^ everyByte(0x80);
    uint8_t bytes[columns];
    storeWord(bytes, low);
    storeWord(bytes + 8, high);
    for (uint64_t q = 0; q < count; ++q)
      std::memcpy(out + q * tileRows * quadBytes, bytes + q * quadBytes, quadBytes);
    return !(zeroBytes(low) | zeroBytes(high));
  }
  static bool unpack(const uint8_t *in, int8_t *codes) {
    uint8_t bytes[columns];
    for (uint64_t q = 0; q < count; ++q)
      std::memcpy(bytes + q * quadBytes, in + q * tileRows * quadBytes, quadBytes);
    uint64_t low = loadWord(bytes), high = loadWord(bytes + 8);
    storeWord(codes, low ^ everyByte(0x80));
    storeWord(codes + 8, high ^ everyByte(0x80));
    return !(zeroBytes(low) | zeroBytes(high));
  }
};

/// byte j: column j in the low half, column 4 + j in the high one, stored as q + 8.
struct I4TileQuads {
  static constexpr uint64_t columns = 8, count = 1, padding = 16;
  struct Invalid {
    static constexpr const char *expected = "-8..7";
    static bool validCode(int8_t code) { return code >= -8 && code <= 7; }
  };

  static bool pack(const int8_t *codes, uint8_t *out) {
    unsigned all = 0;
    for (uint64_t j = 0; j < quadBytes; ++j) {
      unsigned low = uint8_t(codes[j] + 8), high = uint8_t(codes[4 + j] + 8);
      all |= low | high;
      out[j] = uint8_t(low | high << 4);
    }
    return all < 16;
  }
  static bool unpack(const uint8_t *in, int8_t *codes) {
    for (uint64_t j = 0; j < quadBytes; ++j) {
      codes[j] = int8_t((in[j] & 15) - 8);
      codes[4 + j] = int8_t((in[j] >> 4) - 8);
    }
    return true; // every byte is two codes
  }
};

/// The five codes of every byte, or a first code of 2 for an invalid byte.
struct Base3Table {
  int8_t codes[256][5];
  constexpr Base3Table() : codes() {
    for (int byte = 0; byte < 256; ++byte) {
      int t = byte & 63, w = t % 7 * 4 + (byte >> 6);
      if (t == 63 || w == 27) {
        codes[byte][0] = 2;
        continue;
      }
      int c[5] = {w % 3, w / 3 % 3, w / 9, t / 7 % 3, t / 7 / 3};
      for (int p = 0; p < 5; ++p)
        codes[byte][p] = int8_t(c[p] - 1);
    }
  }
};
constexpr Base3Table base3Table;

struct B3TileQuads {
  static constexpr uint64_t columns = 20, count = 1, padding = 80;
  using Invalid = T2DotGranule;

  static bool pack(const int8_t *codes, uint8_t *out) {
    bool valid = true;
    for (uint64_t j = 0; j < quadBytes; ++j) {
      unsigned c[5];
      for (uint64_t p = 0; p < 5; ++p) {
        c[p] = uint8_t(codes[4 * p + j] + 1);
        valid &= c[p] <= 2;
      }
      unsigned w = 9 * c[2] + 3 * c[1] + c[0];
      out[j] = uint8_t(7 * (3 * c[4] + c[3]) + w / 4 + (w % 4 << 6));
    }
    return valid;
  }
  static bool unpack(const uint8_t *in, int8_t *codes) {
    bool valid = true;
    for (uint64_t j = 0; j < quadBytes; ++j) {
      const int8_t *t = base3Table.codes[in[j]];
      valid &= t[0] != 2;
      for (uint64_t p = 0; p < 5; ++p)
        codes[4 * p + j] = t[p];
    }
    return valid;
  }
};

/// The first quad of a row.
template <typename Quads> uint64_t tileOffset(uint64_t row, uint64_t steps) {
  return (row / tileRows * steps * Quads::count * tileRows + row % tileRows) * quadBytes;
}

template <typename Quads>
Status encodeTile(const int8_t *codes, uint64_t rows, uint64_t columns, uint8_t *out) {
  constexpr uint64_t width = Quads::columns;
  const uint64_t steps = roundUp(columns, Quads::padding) / width;
  for (uint64_t row = 0; row < roundUp(rows, tileRows); ++row) {
    uint8_t *target = out + tileOffset<Quads>(row, steps);
    bool valid = true;
    for (uint64_t step = 0; step < steps; ++step) {
      const uint64_t column = step * width;
      const uint64_t count = row < rows && column < columns ? std::min(width, columns - column) : 0;
      int8_t padded[width] = {};
      const int8_t *source = padded;
      if (count == width)
        source = codes + row * columns + column;
      else if (count)
        std::memcpy(padded, codes + row * columns + column, count);
      valid &= Quads::pack(source, target + step * Quads::count * tileRows * quadBytes);
    }
    if (!valid)
      return findBadCode<typename Quads::Invalid>(codes + row * columns, row, 0, columns);
  }
  return Status();
}

template <typename Quads>
Status decodeTile(const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes,
                  Check check) {
  constexpr uint64_t width = Quads::columns;
  const uint64_t steps = roundUp(columns, Quads::padding) / width;
  for (uint64_t row = 0; row < roundUp(rows, tileRows); ++row) {
    const uint8_t *source = bytes + tileOffset<Quads>(row, steps);
    for (uint64_t step = firstToCheck(check, row, rows, columns / width); step < steps; ++step) {
      const uint64_t column = step * width;
      const uint64_t count = row < rows && column < columns ? std::min(width, columns - column) : 0;
      int8_t unpacked[width];
      if (!Quads::unpack(source + step * Quads::count * tileRows * quadBytes, unpacked))
        return badByte(row, column, "an invalid weight code");
      if (!allZero(unpacked + count, width - count))
        return badByte(row, column + count, "padding that is not the code of zero");
      if (codes && count)
        std::memcpy(codes + row * columns + column, unpacked, count);
    }
  }
  return Status();
}

Status copyRowMajor(const int8_t *from, uint64_t rows, uint64_t columns, int8_t *to) {
  for (uint64_t i = 0, count = rows * columns; i < count; ++i)
    if (from[i] == -128)
      return badCode(i / columns, i % columns, from[i], I8DotGranule::expected);
  if (to && rows * columns != 0)
    std::memcpy(to, from, rows * columns);
  return Status();
}

// Whether all bytes are valid, without saying where. Padding is made of valid codes.

/// `bad(word)` is nonzero when a byte of the word is invalid.
template <typename Bad> bool noneBad(const uint8_t *bytes, uint64_t size, const Bad &bad) {
  uint64_t found = 0, at = 0;
  for (; at + 8 <= size; at += 8)
    found |= bad(loadWord(bytes + at));
  for (; at < size; ++at)
    found |= bad(everyByte(bytes[at]));
  return found == 0;
}

bool allBytesAreValid(Layout layout, const uint8_t *bytes, uint64_t size) {
  switch (layout) {
  case Layout::T2Dot:
  case Layout::T2Tile:
    return noneBad(bytes, size, [](uint64_t word) { return word & word >> 1 & everyByte(0x55); });
  case Layout::T2Tl1: // a nibble of 9 and more
    return noneBad(bytes, size, [](uint64_t word) {
      return word >> 3 & (word | word >> 1 | word >> 2) & everyByte(0x11);
    });
  case Layout::I8Dot:
  case Layout::I8Tile:
    return size == 0 || !std::memchr(bytes, 0, size);
  case Layout::B3Tile: {
    bool bad = false;
    for (uint64_t at = 0; at < size; ++at)
      bad |= base3Table.codes[bytes[at]][0] == 2;
    return !bad;
  }
  case Layout::I4Tile: // every byte is two codes
    return true;
  case Layout::RowMajor:
  case Layout::I6Pair24:
  case Layout::I6Tile:
    break;
  }
  return false;
}

Status decode(Layout layout, const uint8_t *bytes, uint64_t rows, uint64_t columns, int8_t *codes,
              Check check) {
  if (!rows || !columns)
    return Status();
  switch (layout) {
  case Layout::RowMajor:
    return copyRowMajor(reinterpret_cast<const int8_t *>(bytes), rows, columns, codes);
  case Layout::T2Dot:
    return decodeDot<T2DotGranule>(bytes, rows, columns, codes, check);
  case Layout::T2Tl1:
    return decodeTl1(bytes, rows, columns, codes, check);
  case Layout::I8Dot:
    return decodeDot<I8DotGranule>(bytes, rows, columns, codes, check);
  case Layout::I6Pair24:
    return decodePair24(bytes, rows, columns, codes);
  case Layout::T2Tile:
    return decodeTile<T2TileQuads>(bytes, rows, columns, codes, check);
  case Layout::I8Tile:
    return decodeTile<I8TileQuads>(bytes, rows, columns, codes, check);
  case Layout::I6Tile:
    return decodeI6Tile(bytes, rows, columns, codes);
  case Layout::B3Tile:
    return decodeTile<B3TileQuads>(bytes, rows, columns, codes, check);
  case Layout::I4Tile:
    return decodeTile<I4TileQuads>(bytes, rows, columns, codes, check);
  }
  return Status(StatusCode::UNSUPPORTED, "unknown layout id " + std::to_string(uint32_t(layout)));
}

} // namespace

Result<uint64_t> layoutBytes(Layout layout, uint64_t rows, uint64_t columns,
                             uint64_t elementBytes) {
  const LayoutInfo *info = findLayout(layout);
  if (!info)
    return Status(StatusCode::UNSUPPORTED, "unknown layout id " + std::to_string(uint32_t(layout)));
  uint64_t paddedRows, paddedColumns, elements, bytes;
  if (!checkedRoundUp(rows, info->rowBlock, paddedRows) ||
      !checkedRoundUp(columns, info->columnBlock, paddedColumns) ||
      !checkedMul(paddedRows, paddedColumns, elements))
    return Status(StatusCode::RESOURCE_LIMIT, "the size of a weight tensor overflows 64 bits");
  switch (layout) {
  case Layout::RowMajor:
    if (!checkedMul(elements, elementBytes, bytes))
      return Status(StatusCode::RESOURCE_LIMIT, "the size of a weight tensor overflows 64 bits");
    return bytes;
  case Layout::T2Dot:
  case Layout::T2Tl1:
  case Layout::T2Tile:
    return elements / 4;
  case Layout::B3Tile:
    return elements / 5;
  case Layout::I4Tile:
    return elements / 2;
  case Layout::I8Dot:
  case Layout::I8Tile:
    return elements;
  case Layout::I6Pair24:
    return elements / kPair24Columns * (kPair24Payload + kPair24Metadata);
  case Layout::I6Tile:
    return paddedRows / kI6TileRows * (kI6TileSums + paddedColumns / kI6TileColumns * kI6TileBytes);
  }
  return elements;
}

bool layoutHolds(Layout layout, Scheme scheme) {
  const SchemeInfo *info = findScheme(scheme);
  switch (layout) {
  case Layout::RowMajor:
    return info && (info->isKept() || scheme == Scheme::Int8);
  case Layout::T2Dot:
  case Layout::T2Tl1:
  case Layout::T2Tile:
  case Layout::B3Tile:
    return scheme == Scheme::Ternary;
  case Layout::I8Dot:
  case Layout::I8Tile:
    return scheme == Scheme::Int8;
  case Layout::I6Pair24:
  case Layout::I6Tile:
    return scheme == Scheme::Int6;
  case Layout::I4Tile:
    return scheme == Scheme::Int4;
  }
  return false;
}

Status encodeLayout(Layout layout, const int8_t *codes, uint64_t rows, uint64_t columns,
                    uint8_t *out) {
  if (!rows || !columns)
    return Status();
  switch (layout) {
  case Layout::RowMajor:
    return copyRowMajor(codes, rows, columns, reinterpret_cast<int8_t *>(out));
  case Layout::T2Dot:
    return encodeDot<T2DotGranule>(codes, rows, columns, out);
  case Layout::T2Tl1:
    return encodeTl1(codes, rows, columns, out);
  case Layout::I8Dot:
    return encodeDot<I8DotGranule>(codes, rows, columns, out);
  case Layout::I6Pair24:
    return encodePair24(codes, rows, columns, out);
  case Layout::T2Tile:
    return encodeTile<T2TileQuads>(codes, rows, columns, out);
  case Layout::I8Tile:
    return encodeTile<I8TileQuads>(codes, rows, columns, out);
  case Layout::I6Tile:
    return encodeI6Tile(codes, rows, columns, out);
  case Layout::B3Tile:
    return encodeTile<B3TileQuads>(codes, rows, columns, out);
  case Layout::I4Tile:
    return encodeTile<I4TileQuads>(codes, rows, columns, out);
  }
  return Status(StatusCode::UNSUPPORTED, "unknown layout id " + std::to_string(uint32_t(layout)));
}

Status decodeLayout(Layout layout, const uint8_t *bytes, uint64_t rows, uint64_t columns,
                    int8_t *codes) {
  return decode(layout, bytes, rows, columns, codes, Check::Everything);
}

Status checkLayout(Layout layout, const uint8_t *bytes, uint64_t rows, uint64_t columns) {
  // Decoding names the place of what is wrong; it takes ten times as long.
  Result<uint64_t> size = layoutBytes(layout, rows, columns, 1);
  const bool valid = size.ok() && allBytesAreValid(layout, bytes, *size);
  return decode(layout, bytes, rows, columns, nullptr, valid ? Check::Padding : Check::Everything);
}

std::array<uint8_t, 32> layoutDefinitionHash(Layout layout) {
  const LayoutInfo *info = findLayout(layout);
  if (!info)
    return {};
  return Sha256::of(info->definition, std::strlen(info->definition));
}

} // namespace lobit
