/// \file
/// Size, encode and decode of every layout, side by side. All other code that
/// needs to know where a weight lies asks here.
#ifndef LOBIT_FORMAT_LAYOUT_CODEC_H
#define LOBIT_FORMAT_LAYOUT_CODEC_H

#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace lobit {

/// A weight matrix [rows, columns] in logical form has one int8 code per weight:
/// -1, 0, 1 for ternary, -127..127 for int8, -32..31 in at most two of the four pairs
/// of 8 columns for int6. A vector is one row.

/// Bytes of [rows, columns] packed in `layout`; `elementBytes` counts only for
/// row_major. RESOURCE_LIMIT on overflow.
Result<uint64_t> layoutBytes(Layout layout, uint64_t rows, uint64_t columns, uint64_t elementBytes);

/// Whether the values of `scheme` may be stored in `layout`.
bool layoutHolds(Layout layout, Scheme scheme);

/// Packs codes [rows, columns] row-major into `out` (layoutBytes bytes).
/// MALFORMED names row and column of a code outside the scheme.
Status encodeLayout(Layout layout, const int8_t *codes, uint64_t rows, uint64_t columns,
                    uint8_t *out);

/// The inverse; MALFORMED on an invalid code or on padding that is not zero.
Status decodeLayout(Layout layout, const uint8_t *bytes, uint64_t rows, uint64_t columns,
                    int8_t *codes);

/// Only the checks of decodeLayout.
Status checkLayout(Layout layout, const uint8_t *bytes, uint64_t rows, uint64_t columns);

/// SHA-256 of the layout's definition text.
std::array<uint8_t, 32> layoutDefinitionHash(Layout layout);

} // namespace lobit

#endif // LOBIT_FORMAT_LAYOUT_CODEC_H
