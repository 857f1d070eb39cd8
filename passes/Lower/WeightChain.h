/// \file
/// Chains lobit.weight -> lobit.quantize -> lobit.pack: recipes that are evaluated
/// while the artifact is written.
#ifndef LOBIT_PASSES_LOWER_WEIGHTCHAIN_H
#define LOBIT_PASSES_LOWER_WEIGHTCHAIN_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace lobit {

/// Whether `op` is a link of a weight chain.
bool isWeightChainOp(mlir::Operation *op);

/// The ops that make `value`, first the lobit.weight. Empty when the chain does not
/// start with a lobit.weight (it comes from an argument).
llvm::SmallVector<mlir::Operation *> weightChain(mlir::Value value);

/// Two chains are the same recipe if and only if their keys are equal.
llvm::SmallVector<const void *> weightChainKey(mlir::Value value);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_WEIGHTCHAIN_H
