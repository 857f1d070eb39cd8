/// \file
/// Damages beacons as accidents and attackers do.
#ifndef LOBIT_TEST_FUZZ_BEACON_MUTANTS_H
#define LOBIT_TEST_FUZZ_BEACON_MUTANTS_H

#include "runtime/beacon/Crc16.h"

#include <algorithm>
#include <random>
#include <vector>

namespace lobit::beacon::test {

using Bytes = std::vector<uint8_t>;

/// One to four changes: flipped bits, set bytes, removed, doubled, moved and swapped
/// blocks, lengths at their limits, parts of another beacon; then, mostly, the right CRC.
inline Bytes mutant(const Bytes &good, const Bytes &other, std::mt19937_64 &random) {
  Bytes bytes = good;
  const auto below = [&](uint64_t n) { return n == 0 ? 0 : random() % n; };
  const uint64_t changes = 1 + below(4);
  for (uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
    const size_t at = below(bytes.size()),
                 size = 1 + below(std::min<size_t>(40, bytes.size() - at));
    const auto begin = bytes.begin() + long(at);
    switch (below(9)) {
    case 0:
      *begin ^= uint8_t(1u << below(8));
      break;
    case 1:
      *begin = uint8_t(random());
      break;
    case 2:
      bytes.erase(begin, begin + long(size));
      break;
    case 3: {
      const Bytes block(begin, begin + long(size));
      bytes.insert(bytes.begin() + long(below(bytes.size() + 1)), block.begin(), block.end());
      break;
    }
    case 4: {
      const Bytes block(begin, begin + long(size));
      bytes.erase(begin, begin + long(size));
      bytes.insert(bytes.begin() + long(below(bytes.size() + 1)), block.begin(), block.end());
      break;
    }
    case 5: {
      static const uint8_t values[] = {0,    1,    2,    4,    0x10, 0x11, 0x20,
                                       0x21, 0x30, 0x31, 0x7F, 0x80, 0xFE, 0xFF};
      *begin = values[below(sizeof(values))];
      break;
    }
    case 6: {
      const size_t from = below(other.size());
      const size_t count = std::min<size_t>(size, other.size() - from);
      for (size_t k = 0; k < count && at + k < bytes.size(); ++k)
        bytes[at + k] = other[from + k];
      break;
    }
    case 7:
      bytes.resize(at);
      break;
    case 8: {
      std::swap(bytes[at], bytes[below(bytes.size())]);
      break;
    }
    }
  }
  if (bytes.size() >= 6 && below(4) != 0) {
    const uint16_t crc = crc16(bytes.data() + 4, bytes.size() - 6);
    bytes[bytes.size() - 2] = uint8_t(crc >> 8);
    bytes[bytes.size() - 1] = uint8_t(crc);
  }
  return bytes;
}

} // namespace lobit::beacon::test

#endif // LOBIT_TEST_FUZZ_BEACON_MUTANTS_H
