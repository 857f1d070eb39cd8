/// \file
/// CRC-32C (Castagnoli, reflected, initial and final value all ones).
#ifndef LOBIT_FORMAT_CRC32C_H
#define LOBIT_FORMAT_CRC32C_H

#include <cstddef>
#include <cstdint>

namespace lobit {

uint32_t crc32c(const uint8_t *bytes, size_t size);

} // namespace lobit

#endif // LOBIT_FORMAT_CRC32C_H
