// i6_tile against bytes worked out by hand, and its refusals.
#include "runtime/format/I6Tile.h"
#include "runtime/format/LayoutCodec.h"

#include <gtest/gtest.h>

#include <vector>

using namespace lobit;

namespace {

std::vector<uint8_t> encoded(const std::vector<int8_t> &codes, uint64_t rows) {
  const uint64_t columns = codes.size() / rows;
  std::vector<uint8_t> bytes(*layoutBytes(Layout::I6Tile, rows, columns, 1), 0xee);
  Status status = encodeI6Tile(codes.data(), rows, columns, bytes.data());
  EXPECT_TRUE(status.ok()) << status.message();
  return bytes;
}

std::string refusal(const std::vector<uint8_t> &bytes, uint64_t rows, uint64_t columns) {
  return checkLayout(Layout::I6Tile, bytes.data(), rows, columns).message();
}

constexpr size_t firstBlock = 128, secondPlane = 64, thirdPlane = 128, masks = 768;

TEST(I6Tile, BytesOfTheDefinition) {
  // Rows 0 and 17, chunk 0 (pairs 1 and 3) and chunk 1 (pairs 0 and 2) of the first step.
  std::vector<int8_t> codes(18 * 16);
  const int8_t quad[4] = {5, -3, -32, 31};
  const int columns[2][4] = {{2, 3, 6, 7}, {8, 9, 12, 13}};
  for (int i = 0; i < 4; ++i) {
    codes[size_t(columns[0][i])] = quad[i];               // plane 0
    codes[size_t(17 * 16 + columns[0][i])] = quad[i];     // plane 1
    codes[size_t(columns[1][i])] = quad[3 - i];           // plane 2
    codes[size_t(17 * 16 + columns[1][i])] = quad[3 - i]; // plane 3
  }
  std::vector<uint8_t> bytes = encoded(codes, 18);
  ASSERT_EQ(bytes.size(), 128u + 896u);
  EXPECT_EQ(bytes[0], 2); // 2 * (5 - 3 - 32 + 31)
  EXPECT_EQ(bytes[4 * 17], 2);
  EXPECT_EQ(bytes[4], 0);
  // u = 37 29 0 63, and 63 0 29 37 in chunk 1.
  const int u[4] = {37, 29, 0, 63}, turned[4] = {63, 0, 29, 37};
  for (int i = 0; i < 4; ++i) {
    // Row 0 shares its low bits with row 16, which is all 32 = 10 00 00 in two's digits.
    EXPECT_EQ(bytes[firstBlock + size_t(i)], 4 * u[i]);
    EXPECT_EQ(bytes[firstBlock + secondPlane + size_t(i)], 4 * 32);
    EXPECT_EQ(bytes[firstBlock + thirdPlane + size_t(i)], 4 * turned[i] + 2);
    // Row 17: plane 1, and its plane 3 in the low bits of row 1's planes.
    EXPECT_EQ(bytes[firstBlock + 4 + size_t(i)], 4 * 32 + turned[i] % 4);
    EXPECT_EQ(bytes[firstBlock + secondPlane + 4 + size_t(i)], 4 * u[i] + turned[i] / 4 % 4);
    EXPECT_EQ(bytes[firstBlock + thirdPlane + 4 + size_t(i)], 4 * 32 + turned[i] / 16);
  }
  EXPECT_EQ(bytes[firstBlock + masks], 0x5a);
  EXPECT_EQ(bytes[firstBlock + masks + 1], 0x33);
  EXPECT_EQ(bytes[firstBlock + masks + 4 * 17], 0x5a);
}

TEST(I6Tile, RefusesInvalidBytesByName) {
  std::vector<int8_t> codes(2 * 66);
  codes[66 + 10] = 7; // row 1, second pair of chunk 1
  const std::vector<uint8_t> good = encoded(codes, 2);
  auto changed = [&](size_t at, uint8_t value) {
    std::vector<uint8_t> bytes = good;
    bytes[at] = value;
    return refusal(bytes, 2, 66);
  };
  EXPECT_EQ(refusal(good, 2, 66), "");
  EXPECT_EQ(changed(firstBlock + masks, 0x37), "an invalid pair mask near row 0, column 0");
  EXPECT_EQ(changed(firstBlock + masks + 4, 0x03), "an invalid pair mask near row 1, column 8");
  EXPECT_EQ(changed(firstBlock + masks, 0x35),
            "a pair of zeros kept where a lower one has to be near row 0, column 0");
  EXPECT_EQ(changed(4, 8), "the sum of the weight codes of row 1: expected 7, found 8");
  // Column 66 of row 0: the second pair of the chunk that has columns 64 and 65.
  EXPECT_EQ(changed(firstBlock + 896 + 2, 0x84),
            "padding that is not the code of zero near row 0, column 66");
  EXPECT_EQ(changed(firstBlock + 8, 0x84),
            "padding that is not the code of zero near row 2, column 0");
}

TEST(I6Tile, RefusesCodesThatAreNoPairs) {
  std::vector<int8_t> codes(2 * 40);
  codes[40 + 24] = codes[40 + 26] = codes[40 + 28] = 1;
  std::vector<uint8_t> bytes(*layoutBytes(Layout::I6Tile, 2, 40, 1));
  EXPECT_EQ(encodeI6Tile(codes.data(), 2, 40, bytes.data()).message(),
            "the 8 weight codes from row 1, column 24: expected at most two pairs that are not 0, "
            "found more");
}

} // namespace
