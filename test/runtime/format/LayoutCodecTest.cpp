// Each layout against a reading of its definition that shares no code with the codec.
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Sha256.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

using namespace lobit;

namespace {

/// Bits [bit, bit + 8) hold the weight's share of byte `byte`.
uint64_t definedByte(Layout layout, uint64_t columns, uint64_t row, uint64_t column) {
  switch (layout) {
  case Layout::RowMajor:
    return row * columns + column;
  case Layout::T2Dot: {
    uint64_t blocks = (columns + 255) / 256, block = column / 256, j = column % 64;
    return ((row / 4 * blocks + block) * 4 + row % 4) * 64 + j;
  }
  case Layout::T2Tl1: {
    uint64_t steps = (columns + 3) / 4;
    return (row / 32 * steps + column / 4) * 32 + row % 32;
  }
  case Layout::I8Dot: {
    uint64_t blocks = (columns + 63) / 64;
    return ((row / 4 * blocks + column / 64) * 4 + row % 4) * 64 + column % 64;
  }
  case Layout::I6Pair24: // the nibble
    return row * ((columns + 63) / 64 * 28) + (columns + 63) / 64 * 24 + column / 16;
  case Layout::T2Tile: {
    uint64_t steps = (columns + 15) / 16;
    return (row / 32 * steps + column / 16) * 128 + row % 32 * 4 + column % 4;
  }
  case Layout::B3Tile: {
    uint64_t steps = (columns + 79) / 80 * 4;
    return (row / 32 * steps + column / 20) * 128 + row % 32 * 4 + column % 4;
  }
  case Layout::I4Tile: {
    uint64_t steps = (columns + 15) / 16 * 2;
    return (row / 32 * steps + column / 8) * 128 + row % 32 * 4 + column % 4;
  }
  case Layout::I8Tile: {
    uint64_t quads = (columns + 15) / 16 * 4;
    return (row / 32 * quads + column / 4) * 128 + row % 32 * 4 + column % 4;
  }
  case Layout::I6Tile: // the mask
    return row / 32 * (128 + (columns + 63) / 64 * 896) + 128 + column / 64 * 896 + 768 +
           row % 32 * 4 + column % 64 / 16;
  }
  return 0;
}

int definedCode(Layout layout, const std::vector<uint8_t> &bytes, uint64_t columns, uint64_t row,
                uint64_t column) {
  const uint8_t byte = bytes.at(definedByte(layout, columns, row, column));
  switch (layout) {
  case Layout::RowMajor:
    return int8_t(byte);
  case Layout::T2Dot:
    return (byte >> 2 * (column % 256 / 64) & 3) - 1;
  case Layout::T2Tl1: {
    int index = column % 4 < 2 ? byte & 15 : byte >> 4;
    return column % 2 ? index % 3 - 1 : index / 3 - 1;
  }
  case Layout::T2Tile:
    return (byte >> 2 * (column % 16 / 4) & 3) - 1;
  case Layout::B3Tile: {
    int t = byte & 63, w = t % 7 * 4 + (byte >> 6);
    int codes[5] = {w % 3, w / 3 % 3, w / 9, t / 7 % 3, t / 7 / 3};
    return codes[column % 20 / 4] - 1;
  }
  case Layout::I4Tile:
    return (byte >> (column % 8 < 4 ? 0 : 4) & 15) - 8;
  case Layout::I8Dot:
  case Layout::I8Tile:
    return byte - 128;
  case Layout::I6Pair24: {
    int nibble = byte >> 4 * (column / 8 % 2) & 15, pair = int(column % 8 / 2);
    if (pair != nibble % 4 && pair != nibble / 4)
      return 0;
    uint64_t payload = row * ((columns + 63) / 64 * 28) + column / 8 * 3;
    uint64_t word =
        bytes.at(payload) + 256u * bytes.at(payload + 1) + 65536u * bytes.at(payload + 2);
    int value = int(word >> (pair == nibble % 4 ? 0 : 12) >> 6 * (column % 2)) & 63;
    return value < 32 ? value : value - 64;
  }
  case Layout::I6Tile: {
    int mask = byte >> 4 * (column / 8 % 2) & 15, pair = int(column % 8 / 2);
    if (!(mask >> pair & 1))
      return 0;
    uint64_t step = row / 32 * (128 + (columns + 63) / 64 * 896) + 128 + column / 64 * 896 +
                    column % 64 / 16 * 192;
    bool isSecond = mask & ((1 << pair) - 1);
    uint64_t at = step + row % 16 * 4 + (isSecond ? 2 : 0) + column % 2;
    uint64_t plane = column / 8 % 2 * 2 + row % 32 / 16;
    if (plane < 3)
      return (bytes.at(at + 64 * plane) >> 2) - 32;
    return bytes.at(at) % 4 + bytes.at(at + 64) % 4 * 4 + bytes.at(at + 128) % 4 * 16 - 32;
  }
  }
  return 0;
}

constexpr Layout everyLayout[] = {
    Layout::RowMajor, Layout::T2Dot,    Layout::T2Tl1,  Layout::I8Dot,  Layout::T2Tile,
    Layout::I8Tile,   Layout::I6Pair24, Layout::I6Tile, Layout::B3Tile, Layout::I4Tile};

bool isInt6(Layout layout) { return layoutHolds(layout, Scheme::Int6); }

/// int8 where kept values may lie, too.
const SchemeInfo &schemeOf(Layout layout) {
  for (Scheme scheme : {Scheme::Ternary, Scheme::Int6, Scheme::Int4})
    if (layoutHolds(layout, scheme))
      return *findScheme(scheme);
  return *findScheme(Scheme::Int8);
}

int8_t randomCode(const SchemeInfo &scheme, std::mt19937 &random) {
  const unsigned count = unsigned(scheme.largestCode - scheme.smallestCode + 1);
  return int8_t(int(random() % count) + scheme.smallestCode);
}

std::vector<int8_t> randomCodes(Layout layout, uint64_t rows, uint64_t columns, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int8_t> codes(rows * columns);
  for (int8_t &code : codes)
    code = randomCode(schemeOf(layout), random);
  if (!isInt6(layout))
    return codes;
  for (uint64_t row = 0; row < rows; ++row)
    for (uint64_t first = 0; first < columns; first += 8) {
      // Any two pairs, equal ones too, and now and then a zero.
      uint64_t a = random() % 4, b = random() % 4;
      for (uint64_t column = first; column < std::min(columns, first + 8); ++column) {
        uint64_t pair = (column - first) / 2;
        bool kept = (pair == a || pair == b) && random() % 5;
        if (!kept)
          codes[row * columns + column] = 0;
      }
    }
  return codes;
}

std::vector<uint8_t> encoded(Layout layout, const std::vector<int8_t> &codes, uint64_t rows,
                             uint64_t columns) {
  Result<uint64_t> size = layoutBytes(layout, rows, columns, 1);
  EXPECT_TRUE(size.ok());
  std::vector<uint8_t> bytes(*size, 0xee);
  Status status = encodeLayout(layout, codes.data(), rows, columns, bytes.data());
  EXPECT_TRUE(status.ok()) << status.message();
  return bytes;
}

TEST(LayoutCodec, DefinitionHoldsForEveryShape) {
  const uint64_t sizes[] = {0, 1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 127, 255, 256, 257, 513};
  uint32_t seed = 0;
  for (Layout layout : everyLayout)
    for (uint64_t rows : sizes)
      for (uint64_t columns : sizes) {
        std::vector<int8_t> codes = randomCodes(layout, rows, columns, ++seed);
        std::vector<uint8_t> bytes = encoded(layout, codes, rows, columns);
        for (uint64_t row = 0; row < rows; ++row)
          for (uint64_t column = 0; column < columns; ++column)
            ASSERT_EQ(definedCode(layout, bytes, columns, row, column),
                      codes[row * columns + column])
                << findLayout(layout)->word << " " << rows << "x" << columns << " at " << row << ","
                << column;
        std::vector<int8_t> decoded(codes.size(), 77);
        ASSERT_TRUE(decodeLayout(layout, bytes.data(), rows, columns, decoded.data()).ok());
        ASSERT_EQ(decoded, codes);
        ASSERT_TRUE(checkLayout(layout, bytes.data(), rows, columns).ok());
      }
}

TEST(LayoutCodec, PaddingIsTheCodeOfZero) {
  // 1x1: the one weight is +1, everything else is padding.
  std::vector<uint8_t> dot = encoded(Layout::T2Dot, {1}, 1, 1);
  ASSERT_EQ(dot.size(), 256u);
  EXPECT_EQ(dot[0], 0x56);
  for (size_t i = 1; i < dot.size(); ++i)
    EXPECT_EQ(dot[i], 0x55) << i;
  std::vector<uint8_t> tl1 = encoded(Layout::T2Tl1, {1}, 1, 1);
  ASSERT_EQ(tl1.size(), 32u);
  EXPECT_EQ(tl1[0], 0x47);
  for (size_t i = 1; i < tl1.size(); ++i)
    EXPECT_EQ(tl1[i], 0x44) << i;
  std::vector<uint8_t> i8 = encoded(Layout::I8Dot, {-127}, 1, 1);
  ASSERT_EQ(i8.size(), 256u);
  EXPECT_EQ(i8[0], 0x01);
  for (size_t i = 1; i < i8.size(); ++i)
    EXPECT_EQ(i8[i], 0x80) << i;
}

/// Every byte value at every place either decodes to codes that encode back to it, or
/// is refused.
TEST(LayoutCodec, EveryByteValueRoundTripsOrIsRefused) {
  for (Layout layout : everyLayout)
    for (uint64_t columns : {1u, 3u, 5u, 66u}) {
      const uint64_t rows = 2;
      std::vector<uint8_t> good =
          encoded(layout, randomCodes(layout, rows, columns, 9), rows, columns);
      for (size_t at = 0; at < good.size(); ++at)
        for (int value = 0; value < 256; ++value) {
          // The largest granule: one bit at a time.
          const int changed = value ^ good[at];
          if (layout == Layout::I6Tile && (changed & (changed - 1)))
            continue;
          std::vector<uint8_t> bytes = good;
          bytes[at] = uint8_t(value);
          std::vector<int8_t> codes(rows * columns);
          Status status = decodeLayout(layout, bytes.data(), rows, columns, codes.data());
          ASSERT_EQ(status.ok(), checkLayout(layout, bytes.data(), rows, columns).ok());
          if (status.ok())
            ASSERT_EQ(encoded(layout, codes, rows, columns), bytes);
          else
            ASSERT_EQ(status.code(), StatusCode::MALFORMED);
        }
    }
}

TEST(LayoutCodec, RefusesCodesOutsideTheScheme) {
  for (Layout layout : everyLayout)
    for (int code = -128; code < 128; ++code) {
      std::vector<int8_t> codes(3 * 300);
      codes[2 * 300 + 299] = int8_t(code);
      std::vector<uint8_t> bytes(*layoutBytes(layout, 3, 300, 1));
      Status status = encodeLayout(layout, codes.data(), 3, 300, bytes.data());
      const SchemeInfo &scheme = schemeOf(layout);
      bool valid = code >= scheme.smallestCode && code <= scheme.largestCode;
      ASSERT_EQ(status.ok(), valid) << code;
      std::string expected =
          std::to_string(scheme.smallestCode) + ".." + std::to_string(scheme.largestCode);
      if (scheme.scheme == Scheme::Ternary)
        expected = "-1, 0 or 1";
      if (!valid)
        EXPECT_EQ(status.message(), "weight code at row 2, column 299: expected " + expected +
                                        ", found " + std::to_string(code));
    }
}

TEST(LayoutCodec, RefusesInvalidBytesByName) {
  std::vector<uint8_t> bytes = encoded(Layout::T2Dot, std::vector<int8_t>(5 * 300), 5, 300);
  bytes[64] = 0x57; // row 1, column 0: code 3
  Status status = checkLayout(Layout::T2Dot, bytes.data(), 5, 300);
  EXPECT_EQ(status.message(), "an invalid weight code near row 1, column 0");
  bytes[64] = 0x55;
  bytes[definedByte(Layout::T2Dot, 300, 4, 299) + 1] ^= 1;
  status = checkLayout(Layout::T2Dot, bytes.data(), 5, 300);
  EXPECT_EQ(status.message(), "padding that is not the code of zero near row 4, column 300");
}

TEST(LayoutCodec, SizesAreCheckedForOverflow) {
  const uint64_t huge = ~0ull;
  for (Layout layout : everyLayout)
    for (auto [rows, columns] : {std::pair<uint64_t, uint64_t>{huge, huge},
                                 {huge / 2, 4},
                                 {4, huge - 3},
                                 {1ull << 40, 1ull << 40}})
      EXPECT_EQ(layoutBytes(layout, rows, columns, 4).status().code(), StatusCode::RESOURCE_LIMIT);
  EXPECT_EQ(*layoutBytes(Layout::T2Dot, 2560, 6912, 1), 2560u * 6912 / 4);
  EXPECT_EQ(*layoutBytes(Layout::T2Tl1, 640, 2560, 1), 640u * 2560 / 4);
  EXPECT_EQ(*layoutBytes(Layout::I8Dot, 3, 65, 1), 4u * 128);
  EXPECT_EQ(*layoutBytes(Layout::I6Pair24, 3, 65, 1), 3u * 2 * 28);
  EXPECT_EQ(*layoutBytes(Layout::I4Tile, 33, 17, 1), 2u * 4 * 128);
  EXPECT_EQ(*layoutBytes(Layout::I6Tile, 33, 65, 1), 2u * (128 + 2 * 896));
  EXPECT_EQ(*layoutBytes(Layout::RowMajor, 3, 65, 4), 3u * 65 * 4);
  EXPECT_EQ(layoutBytes(Layout(77), 1, 1, 1).status().code(), StatusCode::UNSUPPORTED);
}

TEST(LayoutCodec, DefinitionHashIsTheHashOfTheText) {
  for (Layout layout : everyLayout) {
    const char *text = findLayout(layout)->definition;
    EXPECT_EQ(layoutDefinitionHash(layout), Sha256::of(text, std::strlen(text)));
  }
  // A changed hash means that files written before can no longer be read.
  EXPECT_EQ(hexText(layoutDefinitionHash(Layout::T2Dot)).substr(0, 16), "de5a10d6445a57e6");
  EXPECT_EQ(hexText(layoutDefinitionHash(Layout::T2Tl1)).substr(0, 16), "64d419ca9d651df4");
}

} // namespace
