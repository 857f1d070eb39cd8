// i6_pair24 against bytes worked out by hand, and its refusals.
#include "runtime/format/Pair24.h"
#include "runtime/format/LayoutCodec.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

using namespace lobit;

namespace {

std::vector<uint8_t> encoded(const std::vector<int8_t> &codes, uint64_t rows) {
  const uint64_t columns = codes.size() / rows;
  std::vector<uint8_t> bytes(*layoutBytes(Layout::I6Pair24, rows, columns, 1), 0xee);
  Status status = encodePair24(codes.data(), rows, columns, bytes.data());
  EXPECT_TRUE(status.ok()) << status.message();
  return bytes;
}

std::string failure(const std::vector<int8_t> &codes, uint64_t rows) {
  return checkPair24Codes(codes.data(), rows, codes.size() / rows).message();
}

TEST(Pair24, SixNibblesAreValid) {
  std::set<unsigned> valid;
  for (unsigned nibble = 0; nibble < 16; ++nibble)
    if (isPair24Nibble(nibble))
      valid.insert(nibble);
  EXPECT_EQ(valid, std::set<unsigned>(std::begin(kPair24Nibbles), std::end(kPair24Nibbles)));
  EXPECT_EQ(valid, (std::set<unsigned>{0x4, 0x8, 0x9, 0xc, 0xd, 0xe}));
}

TEST(Pair24, QuadsAndNibblesOfTheSpecification) {
  // Chunk 0 has pairs (0, 1), chunk 1 (0, 2), ... : nibbles 4 8 9 c d e 4 d.
  const int pairs[8][2] = {{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}, {0, 1}, {1, 3}};
  std::vector<int8_t> codes(64);
  for (int chunk = 0; chunk < 8; ++chunk)
    for (int i = 0; i < 4; ++i)
      codes[size_t(8 * chunk + 2 * pairs[chunk][i / 2] + i % 2)] =
          std::vector<int8_t>{5, -3, -32, 31}[size_t(i)];
  std::vector<uint8_t> bytes = encoded(codes, 1);
  ASSERT_EQ(bytes.size(), 28u);
  for (size_t chunk = 0; chunk < 8; ++chunk)
    EXPECT_EQ(
        std::vector<uint8_t>(bytes.begin() + 3 * long(chunk), bytes.begin() + 3 * long(chunk) + 3),
        (std::vector<uint8_t>{0x45, 0x0f, 0x7e}));
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin() + 24, bytes.end()),
            (std::vector<uint8_t>{0x84, 0xc9, 0xed, 0xd4}));
}

TEST(Pair24, MissingPairsAreTheLowest) {
  for (auto [column, nibble] : {std::pair<size_t, int>{0, 0x4}, {3, 0x4}, {4, 0x8}, {7, 0xc}}) {
    std::vector<int8_t> codes(8);
    codes[column] = -1;
    EXPECT_EQ(encoded(codes, 1)[24] & 15, nibble) << column;
  }
  // No pair at all, and the seven chunks of padding.
  EXPECT_EQ(encoded({0}, 1),
            (std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0,    0,
                                  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x44, 0x44, 0x44, 0x44}));
}

TEST(Pair24, TenNibblesAreRefused) {
  std::vector<uint8_t> good = encoded(std::vector<int8_t>(2 * 72), 2);
  for (unsigned nibble = 0; nibble < 16; ++nibble) {
    if (isPair24Nibble(nibble))
      continue;
    std::vector<uint8_t> bytes = good;
    uint8_t &byte = bytes[56 + 48 + 2]; // row 1, chunks 4 and 5
    byte = uint8_t((byte & 0x0f) | nibble << 4);
    EXPECT_EQ(checkLayout(Layout::I6Pair24, bytes.data(), 2, 72).message(),
              "an invalid pair nibble near row 1, column 40");
  }
}

TEST(Pair24, OneFormForEachChunk) {
  std::vector<uint8_t> bytes = encoded(std::vector<int8_t>(64), 1);
  bytes[24] = 0x48; // chunk 0 is zero, but names pairs 0 and 2
  EXPECT_EQ(checkLayout(Layout::I6Pair24, bytes.data(), 1, 64).message(),
            "a pair of zeros kept where a lower one has to be near row 0, column 0");
}

TEST(Pair24, PaddingIsZero) {
  std::vector<uint8_t> bytes = encoded(std::vector<int8_t>(66), 1);
  bytes[3 * 8 + 1] = 0x10; // chunk 8: v2 = 1, column 66
  EXPECT_EQ(checkLayout(Layout::I6Pair24, bytes.data(), 1, 66).message(),
            "padding that is not the code of zero near row 0, column 66");
  bytes[3 * 8 + 1] = 0;
  bytes[3 * 15] = 1; // chunk 15 lies in the padding
  EXPECT_EQ(checkLayout(Layout::I6Pair24, bytes.data(), 1, 66).message(),
            "padding that is not the code of zero near row 0, column 120");
}

TEST(Pair24, CodesThatDoNotFitAreNamed) {
  std::vector<int8_t> codes(2 * 20);
  EXPECT_EQ(failure(codes, 2), "");
  codes[20 + 17] = 32;
  EXPECT_EQ(failure(codes, 2), "weight code at row 1, column 17: expected -32..31, found 32");
  codes[20 + 17] = 0;
  codes[8] = codes[11] = codes[15] = 1;
  EXPECT_EQ(failure(codes, 2), "the 8 weight codes from row 0, column 8: expected at most two "
                               "pairs that are not 0, found more");
  std::vector<uint8_t> bytes(*layoutBytes(Layout::I6Pair24, 2, 20, 1));
  EXPECT_EQ(encodePair24(codes.data(), 2, 20, bytes.data()).message(), failure(codes, 2));
  codes[15] = 0;
  EXPECT_EQ(failure(codes, 2), "");
}

} // namespace
