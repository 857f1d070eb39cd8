#include "passes/Import/RopeTable.h"

#include "passes/Import/PortableMath.h"

#include <cstring>

namespace lobit {

static void store(std::vector<uint8_t> &bytes, uint64_t index, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  for (unsigned i = 0; i < 4; ++i)
    bytes[4 * index + i] = uint8_t(bits >> (8 * i));
}

std::vector<uint8_t> makeRopeTable(int64_t positions, int64_t headDim, double theta) {
  int64_t half = headDim / 2;
  std::vector<float> frequency(half);
  for (int64_t i = 0; i < half; ++i)
    frequency[i] = float(portablePow(theta, -2.0 * double(i) / double(headDim)));
  std::vector<uint8_t> bytes(4 * uint64_t(positions) * uint64_t(headDim));
  for (int64_t position = 0; position < positions; ++position)
    for (int64_t i = 0; i < half; ++i) {
      double angle = float(position) * frequency[i];
      uint64_t at = uint64_t(position) * uint64_t(headDim) + uint64_t(i);
      store(bytes, at, float(portableCos(angle)));
      store(bytes, at + half, float(portableSin(angle)));
    }
  return bytes;
}

} // namespace lobit
