/// \file
/// The parts of convert-ukernel-to-target.
#ifndef LOBIT_PASSES_LOWER_TARGET_TARGET_H
#define LOBIT_PASSES_LOWER_TARGET_TARGET_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/DialectConversion.h"

namespace lobit {

/// Ops that are the same vector code on every target.
void populateGenericPatterns(mlir::RewritePatternSet &patterns);
/// The integer idioms as vector code, for where the target has no pattern of its own.
void populateGenericDotPatterns(mlir::RewritePatternSet &patterns);

/// unpack_i6, select_pairs and expand_pairs in plain vector code.
void populateGenericPairPatterns(mlir::RewritePatternSet &patterns);
/// dot_i8_panel as loops, for where the target has no pattern of its own.
void populateGenericPanelPatterns(mlir::RewritePatternSet &patterns);
/// unpack_base3 with 16-bit arithmetic.
void populateGenericBase3Patterns(mlir::RewritePatternSet &patterns);

/// Ops that read or call through the LobitFrame. `frameTypes` turns !ukernel.frame into a
/// pointer; `llvmTypes` makes the descriptors of buffers, and the width of its index is the
/// width of the pointers in the frame.
void populateFramePatterns(mlir::RewritePatternSet &patterns, const mlir::TypeConverter &frameTypes,
                           const mlir::LLVMTypeConverter &llvmTypes);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_TARGET_TARGET_H
