/// \file
/// What the ways of multiplying t2_tile share.
#ifndef LOBIT_PASSES_LOWER_LINEAR_LINEARTILE_H
#define LOBIT_PASSES_LOWER_LINEAR_LINEARTILE_H

#include "passes/Lower/Linear/LinearBuilder.h"

namespace lobit {

/// Tokens of one group of an entry of a table.
constexpr int64_t tableTokens = 16;

/// Tables over tokens: used from `leastTokens` on, for `rows` weight rows at a time, for
/// `groups` x tableTokens tokens side by side where there are so many.
struct TableForm {
  int64_t rows;
  int64_t leastTokens;
  int64_t groups;
};

/// Null where tiles of dot products are faster.
std::optional<TableForm> findTableForm(Layout layout, Isa isa);

/// Does the first tokens in tiles of 16 or more, blocks begin .. end - 1 of 32 rows. Calls
/// `finish(block, token, count)` with the int32 sums of a block as [count][32] in `sums`.
/// Returns the first token that is left.
mlir::Value
buildTableTokens(LinearBuilder &b, const LinearShape &shape, const TableForm &form,
                 const LinearArguments &args, mlir::Value begin, mlir::Value end, mlir::Value sums,
                 llvm::function_ref<void(mlir::Value, mlir::Value, mlir::Value)> finish);

/// Whether one token is done by tables of pairs (LinearPairs.cpp).
bool hasPairTables(Layout layout, Isa isa);

/// Does one token, blocks begin .. end - 1 of 32 rows. Calls `finish(block, sums, at)` with
/// the int32 sums of the rows of a block from `at` on.
void buildPairTables(LinearBuilder &b, const LinearShape &shape, const LinearArguments &args,
                     Isa isa, mlir::Value begin, mlir::Value end, mlir::Value token,
                     llvm::function_ref<void(mlir::Value, mlir::Value, mlir::Value)> finish);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_LINEAR_LINEARTILE_H
