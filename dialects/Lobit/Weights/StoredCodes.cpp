#include "dialects/Lobit/Weights/StoredCodes.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "runtime/format/Pair24.h"

#include <array>

using namespace lobit;

static Status badCode(const std::string &name, int64_t row, int64_t column,
                      const std::string &found) {
  return Status(StatusCode::MALFORMED, "tensor '" + name + "' has " + found + " at row " +
                                           std::to_string(row) + ", column " +
                                           std::to_string(column) + "; the file is damaged");
}

// Codes of one row lie in the same two bits of consecutive bytes: 8 at a time.
// Each byte becomes its code + 1 minus 1, which never borrows from the next byte:
// (x | 0x80) - 1 ^ 0x80.
static void unpackRow(const uint8_t *bytes, int shift, int64_t columns, int8_t *codes) {
  constexpr uint64_t ones = 0x0101010101010101u;
  int64_t c = 0;
  for (; c + 8 <= columns; c += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + c, 8);
    word = (word >> shift) & (ones * 3);
    word = ((word | ones << 7) - ones) ^ ones << 7;
    std::memcpy(codes + c, &word, 8);
  }
  for (; c < columns; ++c)
    codes[c] = int8_t((bytes[c] >> shift & 3) - 1);
}

static Status checkCounts(const std::string &name, const TensorData &data, const ScaleGrid &grid) {
  int64_t rows = data.type == ElementType::HfPackedTernary ? (grid.rows + 3) / 4 : grid.rows;
  int64_t expected = rows * grid.columns;
  if (data.size != uint64_t(expected))
    return Status(StatusCode::MISMATCH, "tensor '" + name + "' has " + std::to_string(data.size) +
                                            " bytes of codes, expected " +
                                            std::to_string(expected));
  if (data.scales.size() != size_t(grid.count()))
    return Status(StatusCode::MISMATCH, "tensor '" + name + "' has " +
                                            std::to_string(data.scales.size()) +
                                            " scales, expected " + std::to_string(grid.count()));
  for (size_t i = 0; i < data.scales.size(); ++i)
    if (!isFiniteFloat(data.scales[i]))
      return Status(StatusCode::MALFORMED, "scale " + std::to_string(i) + " of tensor '" + name +
                                               "' is not finite; the file is damaged");
  return Status();
}

// Code 3 has both bits set. Bytes are checked 8 at a time; only a hit is located.
static Status checkPackedCodes(const std::string &name, const uint8_t *bytes, int64_t rows,
                               int64_t columns) {
  int64_t packedRows = (rows + 3) / 4, size = packedRows * columns, i = 0;
  uint64_t found = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    found |= word & word >> 1 & 0x5555555555555555u;
  }
  for (; i < size; ++i)
    found |= uint64_t(bytes[i] & bytes[i] >> 1 & 0x55);
  for (int64_t row = 0; found && row < rows; ++row)
    for (int64_t c = 0; c < columns; ++c)
      if ((bytes[row % packedRows * columns + c] >> (row / packedRows * 2) & 3) == 3)
        return badCode(name, row, c, "the invalid packed code 3");
  return Status();
}

Result<CodedWeight> lobit::readStoredCodes(const std::string &name, const TensorData &data,
                                           const ScaleGrid &grid, Scheme scheme) {
  bool packed = data.type == ElementType::HfPackedTernary;
  if (!packed && data.type != ElementType::Int8Codes)
    return Status(StatusCode::MISMATCH,
                  "tensor '" + name + "' holds float values where codes are expected");
  if (packed && scheme != Scheme::Ternary)
    return Status(StatusCode::MISMATCH, "tensor '" + name + "' holds ternary codes where " +
                                            schemeWord(scheme) + " codes are expected");
  if (Status status = checkCounts(name, data, grid); !status.ok())
    return status;
  CodedWeight result;
  result.scales = data.scales;
  result.codes.resize(size_t(grid.rows * grid.columns));
  if (packed) {
    if (Status status = checkPackedCodes(name, data.bytes, grid.rows, grid.columns); !status.ok())
      return status;
    int64_t packedRows = (grid.rows + 3) / 4;
    for (int64_t row = 0; row < grid.rows; ++row)
      unpackRow(data.bytes + row % packedRows * grid.columns, int(row / packedRows * 2),
                grid.columns, &result.codes[size_t(row * grid.columns)]);
    return result;
  }
  std::memcpy(result.codes.data(), data.bytes, result.codes.size());
  if (scheme == Scheme::Int6) {
    Status status =
        checkPair24Codes(result.codes.data(), uint64_t(grid.rows), uint64_t(grid.columns));
    if (!status.ok())
      return std::move(status).withContext("tensor '" + name + "'");
    return result;
  }
  const int smallest = findScheme(scheme)->smallestCode, largest = findScheme(scheme)->largestCode;
  for (size_t i = 0; i < result.codes.size(); ++i)
    if (result.codes[i] > largest || result.codes[i] < smallest)
      return badCode(name, int64_t(i) / grid.columns, int64_t(i) % grid.columns,
                     "the code " + std::to_string(result.codes[i]) + ", outside " +
                         std::to_string(smallest) + ".." + std::to_string(largest) + ",");
  return result;
}

static constexpr std::array<uint8_t, 256> countOfOnesByByte() {
  std::array<uint8_t, 256> table{};
  for (int byte = 0; byte < 256; ++byte)
    for (int shift = 0; shift < 8; shift += 2)
      table[size_t(byte)] = uint8_t(table[size_t(byte)] + ((byte >> shift & 3) == 1));
  return table;
}

Result<int64_t> lobit::countPackedZeros(const std::string &name, const TensorData &data,
                                        const ScaleGrid &grid) {
  static constexpr std::array<uint8_t, 256> ones = countOfOnesByByte();
  if (Status status = checkCounts(name, data, grid); !status.ok())
    return status;
  if (Status status = checkPackedCodes(name, data.bytes, grid.rows, grid.columns); !status.ok())
    return status;
  int64_t packedRows = (grid.rows + 3) / 4, zeros = 0;
  for (uint64_t i = 0; i < data.size; ++i)
    zeros += ones[data.bytes[i]];
  // Codes of the rows past the last one are not weights.
  for (int64_t row = grid.rows; row < 4 * packedRows; ++row)
    for (int64_t c = 0; c < grid.columns; ++c)
      zeros -= (data.bytes[row % packedRows * grid.columns + c] >> (row / packedRows * 2) & 3) == 1;
  return zeros;
}

std::vector<uint8_t> lobit::packHfTernary(const int8_t *codes, int64_t rows, int64_t columns) {
  int64_t packedRows = (rows + 3) / 4;
  std::vector<uint8_t> bytes(size_t(packedRows * columns));
  for (int64_t row = 0; row < 4 * packedRows; ++row)
    for (int64_t c = 0; c < columns; ++c) {
      int code = row < rows ? codes[row * columns + c] : 0;
      bytes[size_t(row % packedRows * columns + c)] |=
          uint8_t((code + 1) << (row / packedRows * 2));
    }
  return bytes;
}
