/// \file
/// Lowering of the integer ukernel ops to WebAssembly SIMD.
#ifndef LOBIT_PASSES_LOWER_WASM_WASM_H
#define LOBIT_PASSES_LOWER_WASM_WASM_H

#include "runtime/format/Tables.h"

#include "mlir/IR/PatternMatch.h"

namespace lobit {

/// table_lookup, dot_i8, dot_i8_pairs and widen_add on multiples of 16 bytes. What they do
/// not take is left to the generic patterns.
void populateWasmPatterns(mlir::RewritePatternSet &patterns, const IsaInfo &isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_WASM_WASM_H
