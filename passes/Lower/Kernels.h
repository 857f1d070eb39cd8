/// \file
/// The integer kernels and the kept-weight kernels as MLIR functions, made on demand.
///
/// A linear layer with quantized weights runs in two steps: act_quantize turns
/// rows of f32 into the form that its layout reads (`actBuffers`), linear multiplies.
/// Layers with equal ActShape share one act_quantize. Kept weights read f32 directly.
///
/// Kernels are SPMD: every thread calls with its own `thread`, writes only its share,
/// and contains no barrier. The caller puts a barrier between act_quantize and linear.
#ifndef LOBIT_PASSES_LOWER_KERNELS_H
#define LOBIT_PASSES_LOWER_KERNELS_H

#include "runtime/format/Tables.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>

namespace lobit {

/// Layouts with rows along the lanes, which broadcast quads of activations.
constexpr bool isTile(Layout layout) {
  return layout == Layout::T2Tile || layout == Layout::B3Tile || layout == Layout::I4Tile ||
         layout == Layout::I8Tile;
}

/// Rows of a tile: a thread computes a share of the tiles, and so of the columns of y.
constexpr int64_t tileRows = 32;

/// What the input of a quantized linear layer is turned into.
struct ActShape {
  int64_t maxRows = 0;
  int64_t columns = 0;
  Layout layout = Layout::T2Dot;
  /// Columns per activation sum: the weight's group size, or `columns`.
  int64_t groupSize = 0;

  /// Columns rounded up to the layout's column block, for tiles to an odd number of cache
  /// lines; the padding is zero.
  int64_t paddedColumns() const;
  /// Rows of q in memory.
  int64_t storedRows() const;
  int64_t groups() const;
  bool operator==(const ActShape &other) const;
};

/// One linear layer, y[rows, out] = x[rows, in] W^T (+ bias).
struct LinearShape {
  int64_t maxRows = 0;
  int64_t out = 0;
  int64_t in = 0;
  Scheme scheme = Scheme::Ternary;
  Layout layout = Layout::T2Dot;
  Granularity granularity = Granularity::Tensor;
  int64_t groupSize = 0; ///< Columns, used with Granularity::Group alone.
  ScaleType scaleType = ScaleType::F32;
  std::optional<Scheme> bias; ///< F32, F16 or BF16.

  bool isKept() const { return layout == Layout::RowMajor; }
  /// Requires !isKept().
  ActShape actShape() const;
  int64_t groupsPerRow() const;
  int64_t scaleCount() const;
};

/// The buffers that act_quantize writes and linear reads, in the order in which both
/// take them. All are row-major, `maxRows` rows, and want 64-byte alignment.
///   t2_dot, i8_dot, i6_*, t2_tile, b3_tile, i4_tile, i8_tile: q i8 [storedRows, paddedColumns],
///                   s_x f32 [maxRows], sums of q per group i32 [maxRows, groups]
///   t2_tl1:         tables i8 [maxRows, 16 paddedColumns], s_x f32 [maxRows]
llvm::SmallVector<mlir::MemRefType> actBuffers(mlir::MLIRContext *context, const ActShape &shape);

/// Bytes of all actBuffers, each rounded up to 64.
uint64_t actScratchBytes(const ActShape &shape);

/// memref<N x i8> of packed weights, or memref<out * in x f32|f16|bf16> of kept ones.
mlir::MemRefType weightBuffer(mlir::MLIRContext *context, const LinearShape &shape);
/// memref<scaleCount x f32|f16>; null for kept weights.
mlir::MemRefType scaleBuffer(mlir::MLIRContext *context, const LinearShape &shape);
/// memref<out x f32|f16|bf16>; null without a bias.
mlir::MemRefType biasBuffer(mlir::MLIRContext *context, const LinearShape &shape);

/// func(x memref<maxRows x columns x f32>, actBuffers..., first, rows, thread, threads,
/// frame): quantizes rows first .. rows - 1 of x into the same rows of the buffers.
mlir::func::FuncOp getOrCreateActQuantize(mlir::ModuleOp module, const ActShape &shape, Isa isa);
/// func(x, actBuffers..., from, row, frame): row `from` of x into row `row` of the buffers.
mlir::func::FuncOp getOrCreateActQuantizeRow(mlir::ModuleOp module, const ActShape &shape, Isa isa);

/// func(actBuffers... or x memref<maxRows x in x f32>, weights, [scales], [bias],
/// y memref<maxRows x out x f32>, first, rows, thread, threads): row t of the input,
/// first <= t < rows, becomes row t - first of y. first, rows, thread and threads are
/// of type index.
mlir::func::FuncOp getOrCreateLinear(mlir::ModuleOp module, const LinearShape &shape, Isa isa);

/// "lobit_s8_t2_linear_640x256__avx2" and the like.
std::string linearKernelName(const LinearShape &shape, Isa isa);
std::string actQuantizeKernelName(const ActShape &shape, Isa isa);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_KERNELS_H
