/// \file
/// CRC-16/IBM-3740: tells accidents, proves nothing.
#ifndef LOBIT_BEACON_CRC16_H
#define LOBIT_BEACON_CRC16_H

#include "runtime/beacon/Format.h"

namespace lobit::beacon {

/// Continues `crc` over more bytes; the check value of "123456789" is 0x29B1.
uint16_t crc16(const uint8_t *bytes, uint64_t size, uint16_t crc = kCrcInitial);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_CRC16_H
