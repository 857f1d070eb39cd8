/// \file
/// What all kernel builders share: an OpBuilder with short names for the few upstream
/// ops that kernels are made of, the table of forms, and the common epilogue.
#ifndef LOBIT_PASSES_LOWER_LINEAR_LINEARBUILDER_H
#define LOBIT_PASSES_LOWER_LINEAR_LINEARBUILDER_H

#include "passes/Lower/Kernels.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <functional>

namespace lobit {

enum class Form {
  Pairs,
  Halves,
  Products,
  Quads,
  SignedQuads,
  Matrix,
  Lookup,
  Walk,
  Chunks,
  Lanes
};

struct KernelForm {
  Form form;
  int64_t width;
  int64_t rows1;
  int64_t rowsN;
  int64_t tokens;
  /// Whether the pieces of a block are a loop. A long run of vector code makes the
  /// compilers of wasm engines spill: one of 4 pieces ran at 40 % of the speed of a loop.
  bool isRolled;
  /// Whether weights are asked for by loads, because there is no prefetch.
  bool touches;
  /// Whether 16 activations are loaded at once and quads of them taken out: an operand of a
  /// product may be one lane of a register.
  bool takesLanes;
  /// From how many tokens on a panel in memory is multiplied (ukernel.dot_i8_panel).
  int64_t leastPanelTokens;
};

/// What one touchAhead asks for.
constexpr int64_t touchBytes = 512;

KernelForm findKernelForm(Layout layout, Isa isa);

using Values = llvm::SmallVector<mlir::Value>;

/// Builds inside one function. Index arithmetic is on `index`.
class LinearBuilder : public mlir::ImplicitLocOpBuilder {
public:
  explicit LinearBuilder(mlir::func::FuncOp function);

  mlir::Value index(int64_t value);
  mlir::Value f32(float value);
  /// A vector of `lanes` equal integers of `width` bits.
  mlir::Value splatInt(int64_t value, unsigned width, int64_t lanes);
  mlir::Value zero(mlir::VectorType type);
  mlir::Value splat(mlir::Value scalar, int64_t lanes);

  mlir::VectorType i8s(int64_t lanes) { return vectorOf(getI8Type(), lanes); }
  mlir::VectorType i16s(int64_t lanes) { return vectorOf(getI16Type(), lanes); }
  mlir::VectorType i32s(int64_t lanes) { return vectorOf(getI32Type(), lanes); }
  mlir::VectorType f32s(int64_t lanes) { return vectorOf(getF32Type(), lanes); }

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b);
  mlir::Value mul(mlir::Value a, int64_t b);
  mlir::Value min(mlir::Value a, mlir::Value b);

  mlir::Value load(mlir::VectorType type, mlir::Value buffer, mlir::ValueRange at);
  void store(mlir::Value vector, mlir::Value buffer, mlir::ValueRange at);
  /// Asks for the bytes at `at` + `ahead` of a flat buffer; never faults. Into the first
  /// level cache, or (locality 2) the second.
  void prefetch(mlir::Value buffer, mlir::Value at, int64_t ahead, int64_t locality = 3);
  /// Before every fourth step of 128 bytes, `step` of which starts at `at`: reads a byte of
  /// each line of the four after them, all at once, so that they come together. Nothing
  /// after the byte `last` + touchBytes - 1 of the buffer is read.
  void touchAhead(mlir::Value buffer, mlir::Value at, mlir::Value step, int64_t last);
  /// Lane i / 4 in the int32 lanes of `lanes` bytes: a quad of activations for every row.
  mlir::Value quadOf(mlir::Value bytes, int64_t quad, int64_t lanes);
  /// Sums of lanes 2i and 2i + 1.
  mlir::Value addAdjacent(mlir::Value v);
  mlir::Value shuffle(mlir::Value a, mlir::Value b, llvm::ArrayRef<int64_t> lanes);
  /// The exact f32 of float lanes of any kept type.
  mlir::Value widen(mlir::Value vector);

  /// Elements `column` .. `column` + count - 1 (count < 16) of the `columns` long row
  /// that starts at `at`, as f32 in the first lanes of 16; the others are +0. Reads
  /// nothing outside the row.
  mlir::Value loadRest(mlir::Value buffer, mlir::ValueRange at, int64_t columns, int64_t count);

  /// [sum of a, sum of b, sum of c, sum of d] of vectors of 4, 8 or 16 lanes, each in
  /// the fixed tree i + (i + n/2).
  mlir::Value reduce4(llvm::ArrayRef<mlir::Value> vectors);

  Values loop(mlir::Value begin, mlir::Value end, int64_t step, mlir::ValueRange init,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  void loop(mlir::Value begin, mlir::Value end, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  void when(mlir::Value condition, llvm::function_ref<void()> then,
            llvm::function_ref<void()> otherwise = nullptr);
  mlir::Value less(mlir::Value a, mlir::Value b);
  /// Runs `body(i)` for the one of `values` that `value` is.
  void choose(mlir::Value value, llvm::ArrayRef<int64_t> values,
              llvm::function_ref<void(int64_t)> body);
  /// A buffer on the stack, made at the start of the function.
  mlir::Value onStack(llvm::ArrayRef<int64_t> shape, mlir::Type element);

private:
  mlir::VectorType vectorOf(mlir::Type element, int64_t lanes) {
    return mlir::VectorType::get({lanes}, element);
  }
};

/// The values that every linear kernel works with.
struct LinearArguments {
  Values input; ///< actBuffers, or x.
  mlir::Value weights, scales, bias, y;
  mlir::Value first, rows, thread, threads;
};

/// Scale, bias and store of `lanes` consecutive rows of one token.
class Epilogue {
public:
  Epilogue(LinearBuilder &builder, const LinearShape &shape, const LinearArguments &args)
      : b(builder), shape(shape), args(args) {}

  /// y = (f32)D * (s_w * s_x), + bias, to rows row .. of token t.
  void storeScaled(mlir::Value sums, mlir::Value row, mlir::Value token);
  /// acc + s_g * (f32)D_g for rows row .. and the group.
  mlir::Value addGroup(mlir::Value acc, mlir::Value sums, mlir::Value row, mlir::Value group);
  /// y = s_x * acc, + bias.
  void storeGrouped(mlir::Value acc, mlir::Value row, mlir::Value token);
  /// y = value, + bias.
  void storePlain(mlir::Value value, mlir::Value row, mlir::Value token);

private:
  /// Whether no vector of `lanes` rows has one past the last.
  bool hasAllRows(int64_t lanes) const;
  /// Runs `body` with whether all `lanes` rows from `row` exist known to be true or not.
  void withRows(int64_t lanes, mlir::Value row, llvm::function_ref<void(bool all)> body);
  /// f32 lanes buffer[(row + i) * stride + offset]; rows past the last read the last.
  mlir::Value loadRows(mlir::Value buffer, mlir::Value row, int64_t lanes, int64_t stride,
                       mlir::Value offset, bool all);
  void finish(mlir::Value value, mlir::Value row, mlir::Value token, bool all);
  mlir::Value activationScale(mlir::Value token);

  LinearBuilder &b;
  const LinearShape &shape;
  const LinearArguments &args;
};

/// Calls `body(token, tokens)` for tiles of `tileTokens` and then for single ones.
void forTokenTiles(LinearBuilder &b, const LinearShape &shape, const LinearArguments &args,
                   int64_t tileTokens, llvm::function_ref<void(mlir::Value, int64_t)> body);

/// Calls `body(tile)` for this thread's share of 0 .. count - 1.
void forShare(LinearBuilder &b, mlir::Value count, mlir::Value thread, mlir::Value threads,
              llvm::function_ref<void(mlir::Value)> body);

/// Bodies of the linear kernels.
void buildDotKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                    const LinearArguments &args);
void buildTileKernel(LinearBuilder &b, const LinearShape &shape, Isa isa,
                     const LinearArguments &args);
void buildLookupKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                       const LinearArguments &args);
void buildWalkKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                     const LinearArguments &args);
void buildChunkKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                      const LinearArguments &args);
void buildSparseKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                       const LinearArguments &args);
void buildKeptKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                     const LinearArguments &args);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_LINEAR_LINEARBUILDER_H
