/// \file
/// Keys of a block with positions along the lanes, for the scores of many tokens.
#ifndef LOBIT_PASSES_LOWER_GENERIC_TURNEDKEYS_H
#define LOBIT_PASSES_LOWER_GENERIC_TURNEDKEYS_H

#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

namespace lobit {

/// A dot product is 16 sums, of the columns j, j + 16, ..., and a tree over them
/// (docs/numerics.md). With positions along the lanes the tree is additions of whole vectors,
/// where lanes would have to be shuffled.
///
/// The keys of `width` positions lie in the order in which they are multiplied: [set of
/// columns][chunk of 16 columns][column of the set][width]. A set is as many columns as the
/// registers have sums for all heads that are done together.
class TurnedKeys {
public:
  TurnedKeys(KernelBuilder &k, const AttentionShape &shape, Isa isa);

  /// Positions in a vector.
  int64_t width;

  /// Turns keys first .. last - 1 of a head into slot `slot` of `turned`, whole vectors.
  void turn(mlir::Value keys, mlir::Value kvHead, mlir::Value first, mlir::Value last,
            mlir::Value turned, mlir::Value slot);
  /// The dot products of columns `heads[h]` .. of row `row` of q with `width` keys, those from
  /// the one with number `position` of the slot on; a vector for each head.
  llvm::SmallVector<mlir::Value> dots(mlir::Value q, mlir::Value row,
                                      llvm::ArrayRef<mlir::Value> heads, mlir::Value turned,
                                      mlir::Value slot, mlir::Value position);

private:
  /// The columns of set `set`, in the order of their tree.
  llvm::SmallVector<int64_t> columnsOf(int64_t set) const;

  KernelBuilder &k;
  int64_t headDim, chunks;
  int64_t sums; ///< columns of a set
  int64_t sets;
};

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_GENERIC_TURNEDKEYS_H
