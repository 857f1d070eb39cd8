/// \file
/// Lowering of dot_i8_panel to the tile registers of AMX.
#ifndef LOBIT_PASSES_LOWER_X86_AMX_H
#define LOBIT_PASSES_LOWER_X86_AMX_H

#include "runtime/format/Tables.h"

#include "mlir/IR/PatternMatch.h"

namespace lobit {

/// A full tile is 16 rows of 64 bytes, in memory at any distance.
constexpr int64_t amxTileRows = 16, amxRowBytes = 64, amxTileBytes = amxTileRows * amxRowBytes;

/// The memory of ldtilecfg: a palette, 1; from rowBytesAt on the bytes of a row of each tile, in
/// two bytes, of which amxRowBytes needs one; from rowsAt on the rows of each tile, in one.
struct AmxConfig {
  static constexpr int64_t bytes = 64, rowBytesAt = 16, rowsAt = 48;
};

/// Nothing where `isa` has no tiles.
void populateAmxPatterns(mlir::RewritePatternSet &patterns, const IsaInfo &isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_X86_AMX_H
