/// \file
/// The table of traced operations: what --explain and the profile are about.
#ifndef LOBIT_PASSES_LOWER_OPERATIONS_H
#define LOBIT_PASSES_LOWER_OPERATIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace lobit {

/// On a call of a merged function: the labels of the callee's operations, in order.
inline constexpr const char *labelsAttr = "lobit.labels";
/// On the module, after convert-lobit-to-ukernel.
inline constexpr const char *operationsAttr = "lobit.operations";

/// Whether `op` becomes an operation of the table.
bool isTracedOp(mlir::Operation *op);

/// The labels of the operations `function` runs, calls included, in order: the
/// layer's name, or `function.mnemonic`.
llvm::SmallVector<std::string> operationLabels(mlir::func::FuncOp function);

/// One row of the table; its position is the index that ukernel.trace passes.
struct TracedOperation {
  std::string label;
  /// The kernel function that does most of the work.
  std::string kernel;
  /// The layout word of the weight, or empty.
  std::string layout;
  uint64_t weightBytes = 0;
  /// Multiplications and additions for one token.
  uint64_t flops = 0;
};

void setOperations(mlir::ModuleOp module, llvm::ArrayRef<TracedOperation> operations);
std::vector<TracedOperation> operations(mlir::ModuleOp module);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_OPERATIONS_H
