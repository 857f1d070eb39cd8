/// \file
/// The table of rotary positions (docs/numerics.md).
#ifndef LOBIT_PASSES_IMPORT_ROPETABLE_H
#define LOBIT_PASSES_IMPORT_ROPETABLE_H

#include <cstdint>
#include <vector>

namespace lobit {

/// [positions][headDim] little-endian f32: for each position headDim / 2 cosines, then
/// headDim / 2 sines of the angles position * theta^(-2i/headDim), a f32 product.
std::vector<uint8_t> makeRopeTable(int64_t positions, int64_t headDim, double theta);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_ROPETABLE_H
