/// \file
/// Bytes somebody else owns, and little-endian access to them on every host.
#ifndef LOBIT_FORMAT_BYTE_VIEW_H
#define LOBIT_FORMAT_BYTE_VIEW_H

#include <cstdint>

namespace lobit {

struct ByteView {
  const uint8_t *data = nullptr;
  uint64_t size = 0;
};

inline uint32_t loadU32(const uint8_t *bytes) {
  return uint32_t(bytes[0]) | uint32_t(bytes[1]) << 8 | uint32_t(bytes[2]) << 16 |
         uint32_t(bytes[3]) << 24;
}
inline uint64_t loadU64(const uint8_t *bytes) {
  return uint64_t(loadU32(bytes)) | uint64_t(loadU32(bytes + 4)) << 32;
}
inline void storeU32(uint8_t *bytes, uint32_t value) {
  for (int i = 0; i < 4; ++i)
    bytes[i] = uint8_t(value >> 8 * i);
}
inline void storeU64(uint8_t *bytes, uint64_t value) {
  storeU32(bytes, uint32_t(value));
  storeU32(bytes + 4, uint32_t(value >> 32));
}

} // namespace lobit

#endif // LOBIT_FORMAT_BYTE_VIEW_H
