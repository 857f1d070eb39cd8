#include "runtime/beacon/Crc16.h"

#include <array>

namespace lobit::beacon {

static constexpr std::array<uint16_t, 256> kTable = [] {
  std::array<uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 0x8000) ? crc << 1 ^ kCrcPolynomial : crc << 1;
    table[byte] = uint16_t(crc);
  }
  return table;
}();

uint16_t crc16(const uint8_t *bytes, uint64_t size, uint16_t crc) {
  for (uint64_t i = 0; i < size; ++i)
    crc = uint16_t(crc << 8 ^ kTable[uint8_t(crc >> 8) ^ bytes[i]]);
  return crc;
}

} // namespace lobit::beacon
