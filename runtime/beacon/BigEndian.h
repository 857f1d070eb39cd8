/// \file
/// Big-endian numbers, on every host.
#ifndef LOBIT_BEACON_BIG_ENDIAN_H
#define LOBIT_BEACON_BIG_ENDIAN_H

#include <cstdint>
#include <cstring>

namespace lobit::beacon {

template <typename T> T loadBig(const uint8_t *bytes) {
  T value = 0;
  for (unsigned i = 0; i < sizeof(T); ++i)
    value = T(value << 8 | bytes[i]);
  return value;
}
template <> inline uint8_t loadBig<uint8_t>(const uint8_t *bytes) { return *bytes; }

template <typename T> void storeBig(uint8_t *bytes, T value) {
  for (unsigned i = 0; i < sizeof(T); ++i)
    bytes[i] = uint8_t(value >> 8 * (sizeof(T) - 1 - i));
}

inline double loadBigF32(const uint8_t *bytes) {
  uint32_t bits = loadBig<uint32_t>(bytes);
  float value;
  memcpy(&value, &bits, sizeof(value));
  return double(value);
}
inline double loadBigF64(const uint8_t *bytes) {
  uint64_t bits = loadBig<uint64_t>(bytes);
  double value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}
inline void storeBigF32(uint8_t *bytes, double number) {
  float value = float(number);
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  storeBig(bytes, bits);
}
inline void storeBigF64(uint8_t *bytes, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof(bits));
  storeBig(bytes, bits);
}

} // namespace lobit::beacon

#endif // LOBIT_BEACON_BIG_ENDIAN_H
