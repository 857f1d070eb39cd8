/// \file
/// The module of a decoder-only language model, built through the API: no name of a
/// checkpoint is ever parsed as IR.
#ifndef LOBIT_PASSES_IMPORT_MODELBUILDER_H
#define LOBIT_PASSES_IMPORT_MODELBUILDER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/Import/CheckpointSource.h"
#include "passes/Import/Import.h"

namespace lobit {

/// One function for each block, with its weights inside, and @forward:
/// tokens, position of the first, first row wanted -> logits.
mlir::OwningOpRef<mlir::ModuleOp> buildModel(mlir::MLIRContext &context, const ModelConfig &config,
                                             const CheckpointSource &source, int64_t maxContext,
                                             CacheElement cache);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_MODELBUILDER_H
