/// \file
/// T158 blocks, an interchange form (not an execution layout): 66 bytes for 256
/// weights. Element e: bits 2(e mod 4), 2(e mod 4) + 1 of byte e / 4 hold t + 1;
/// bytes 64, 65: the f16 scale, little-endian.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_T158_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_T158_H

#include "runtime/format/Status.h"

#include <cstdint>
#include <vector>

namespace lobit {

constexpr int64_t t158BlockWeights = 256;
constexpr int64_t t158BlockBytes = 66;

/// The codes four to a byte, the first in the low bits; unused bits of the last
/// byte are the code of 0 (01). Codes are -1, 0 or 1.
std::vector<uint8_t> packTernaryCodes(const int8_t *codes, int64_t size);
/// MALFORMED with the element number at the invalid code 3.
Status unpackTernaryCodes(const uint8_t *bytes, int64_t size, int8_t *codes);

/// `size` consecutive codes with one scale per 256 of them. The last block is
/// filled with zeros.
std::vector<uint8_t> encodeT158(const int8_t *codes, int64_t size, const float *scales);
/// The inverse. MISMATCH: not the bytes of `size` weights. MALFORMED: the code 3,
/// or a weight other than 0 past the last one.
Status decodeT158(const uint8_t *bytes, uint64_t byteCount, int64_t size, int8_t *codes,
                  float *scales);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_T158_H
