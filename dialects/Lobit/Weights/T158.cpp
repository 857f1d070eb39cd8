#include "dialects/Lobit/Weights/T158.h"
#include "dialects/Lobit/Weights/FloatFormats.h"

#include <algorithm>

using namespace lobit;

std::vector<uint8_t> lobit::packTernaryCodes(const int8_t *codes, int64_t size) {
  std::vector<uint8_t> bytes(size_t((size + 3) / 4));
  for (int64_t e = 0; e < 4 * int64_t(bytes.size()); ++e) {
    int code = e < size ? codes[e] : 0;
    bytes[size_t(e / 4)] |= uint8_t((code + 1) << (2 * (e % 4)));
  }
  return bytes;
}

Status lobit::unpackTernaryCodes(const uint8_t *bytes, int64_t size, int8_t *codes) {
  for (int64_t e = 0; e < size; ++e) {
    int code = bytes[e / 4] >> (2 * (e % 4)) & 3;
    if (code == 3)
      return Status(StatusCode::MALFORMED,
                    "element " + std::to_string(e) + " has the invalid ternary code 3");
    codes[e] = int8_t(code - 1);
  }
  return Status();
}

static int64_t blockCount(int64_t size) { return (size + t158BlockWeights - 1) / t158BlockWeights; }

std::vector<uint8_t> lobit::encodeT158(const int8_t *codes, int64_t size, const float *scales) {
  std::vector<uint8_t> bytes;
  bytes.reserve(size_t(blockCount(size) * t158BlockBytes));
  for (int64_t block = 0; block < blockCount(size); ++block) {
    int64_t first = block * t158BlockWeights;
    std::vector<uint8_t> packed =
        packTernaryCodes(codes + first, std::min(t158BlockWeights, size - first));
    packed.resize(t158BlockWeights / 4, 0x55);
    bytes.insert(bytes.end(), packed.begin(), packed.end());
    uint16_t scale = floatToF16(scales[block]);
    bytes.push_back(uint8_t(scale));
    bytes.push_back(uint8_t(scale >> 8));
  }
  return bytes;
}

Status lobit::decodeT158(const uint8_t *bytes, uint64_t byteCount, int64_t size, int8_t *codes,
                         float *scales) {
  uint64_t expected = uint64_t(blockCount(size)) * t158BlockBytes;
  if (byteCount != expected)
    return Status(StatusCode::MISMATCH, std::to_string(size) + " weights take " +
                                            std::to_string(expected) + " bytes of T158, found " +
                                            std::to_string(byteCount));
  for (int64_t block = 0; block < blockCount(size); ++block, bytes += t158BlockBytes) {
    int8_t all[t158BlockWeights];
    if (Status status = unpackTernaryCodes(bytes, t158BlockWeights, all); !status.ok())
      return std::move(status).withContext("block " + std::to_string(block));
    int64_t first = block * t158BlockWeights, count = std::min(t158BlockWeights, size - first);
    for (int64_t e = count; e < t158BlockWeights; ++e)
      if (all[e] != 0)
        return Status(StatusCode::MALFORMED, "block " + std::to_string(block) + ": element " +
                                                 std::to_string(e) +
                                                 " lies past the last weight and is not 0");
    std::copy(all, all + count, codes + first);
    scales[block] = f16ToFloat(uint16_t(bytes[64] | bytes[65] << 8));
  }
  return Status();
}
