/// \file
/// The steps of a transformer block beside the linear layers, as MLIR functions made on
/// demand. The arithmetic is docs/numerics.md to the bit.
///
/// All buffers are row-major memrefs of `maxRows` rows. A kernel does one token: it is told in
/// which row of each buffer, so that several kernels may share a loop over the tokens and hand
/// on a single row. Kernels that take thread and threads do the share of a thread of all tokens.
/// Rows, tokens, positions, thread and threads are of type index.
#ifndef LOBIT_PASSES_LOWER_GENERIC_FLOATKERNELS_H
#define LOBIT_PASSES_LOWER_GENERIC_FLOATKERNELS_H

#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace lobit {

/// Buffers of a weight: the values (kept: memref<N x f32|f16|bf16>; packed: memref<N x i8>)
/// and the scales (memref<N x f32|f16>, null for kept weights).
mlir::MemRefType weightDataBuffer(lb::WeightType type);
mlir::MemRefType weightScaleBuffer(lb::WeightType type);
/// memref<maxRows x features x f32>.
mlir::MemRefType rowBuffer(mlir::MLIRContext *context, int64_t maxRows, int64_t features);

/// (x, weight, y, row of x, row of y)
mlir::func::FuncOp getOrCreateRmsNorm(mlir::ModuleOp module, int64_t maxRows, lb::WeightType weight,
                                      float eps, Isa isa);

/// (x, table memref<maxContext * headDim x f32>, y, position, row of x, row of y)
mlir::func::FuncOp getOrCreateRope(mlir::ModuleOp module, int64_t maxRows, lb::WeightType table,
                                   int64_t heads, Isa isa);

/// Keys and values of one layer, memref<kvHeads x maxContext x headDim x f32|f16|i8> each;
/// i8: then the scales of keys and of values, memref<kvHeads x positions x f32>.
llvm::SmallVector<mlir::MemRefType> cacheBuffers(lm::CacheType type);
/// "f32", "f16" or "int8".
std::string cacheWord(lm::CacheType type);

/// (keys, values, cacheBuffers, position, row of keys, row of values, frame)
mlir::func::FuncOp getOrCreateCacheAppend(mlir::ModuleOp module, int64_t maxRows,
                                          lm::CacheType cache, Isa isa);

struct AttentionShape {
  int64_t maxRows;
  lm::CacheType cache;
  int64_t heads;
  float scale;

  /// Query heads that share a key-value head.
  int64_t group() const { return heads / cache.getKvHeads(); }
  int64_t blocks() const;
};

/// Positions that are summed together (docs/numerics.md).
inline constexpr int64_t attentionBlock = 256;
/// At most so many threads work on attention.
inline constexpr int64_t attentionWorkers = 64;
/// At most so many heads are multiplied together.
inline constexpr int64_t attentionHeads = 4;
/// memref<attentionWorkers x group x attentionBlock x f32>: the scores of a thread.
mlir::MemRefType attentionScoreBuffer(const AttentionShape &shape);
/// memref<attentionWorkers x attentionBlock * headDim x f32>: the keys of a block, turned
/// (TurnedKeys.h).
mlir::MemRefType attentionKeyBuffer(const AttentionShape &shape);
/// memref<maxRows * heads x blocks x headDim x f32>: the weighted values of a block.
mlir::MemRefType attentionSumBuffer(const AttentionShape &shape);
/// memref<maxRows * heads x blocks x 2 x f32>: largest score and sum of exponentials.
mlir::MemRefType attentionFactBuffer(const AttentionShape &shape);
/// (q, cacheBuffers, scores, keys, sums, facts, position, rows, thread, threads)
mlir::func::FuncOp getOrCreateAttentionBlocks(mlir::ModuleOp module, const AttentionShape &shape,
                                              Isa isa);
/// (sums, facts, y, position, row of sums and facts, row of y)
mlir::func::FuncOp getOrCreateAttentionCombine(mlir::ModuleOp module, const AttentionShape &shape,
                                               Isa isa);

/// (gate, up, y, rows, thread, threads): the columns that tiles give a thread (tileRows).
mlir::func::FuncOp getOrCreateGatedActivation(mlir::ModuleOp module, int64_t maxRows,
                                              int64_t features, lm::Activation activation, Isa isa);
/// (lhs, rhs, y, row of lhs, row of rhs, row of y)
mlir::func::FuncOp getOrCreateAdd(mlir::ModuleOp module, int64_t maxRows, int64_t features,
                                  Isa isa);
/// (x, y, row of x, row of y)
mlir::func::FuncOp getOrCreateCopy(mlir::ModuleOp module, int64_t maxRows, int64_t features,
                                   Isa isa);

/// (tokens memref<maxRows x i32>, values, [scales], y, token, row of y)
mlir::func::FuncOp getOrCreateEmbed(mlir::ModuleOp module, int64_t maxRows, lb::WeightType table,
                                    Isa isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_GENERIC_FLOATKERNELS_H
