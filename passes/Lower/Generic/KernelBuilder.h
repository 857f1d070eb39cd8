/// \file
/// What all float kernels are written with: 16-lane loads, stores and loops.
#ifndef LOBIT_PASSES_LOWER_GENERIC_KERNELBUILDER_H
#define LOBIT_PASSES_LOWER_GENERIC_KERNELBUILDER_H

#include "runtime/format/Tables.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <string>

namespace lobit {

/// "lobit_f32_<what>__<isa>".
std::string floatKernelName(llvm::StringRef what, Isa isa);

/// Builds the body of one private function without results.
class KernelBuilder {
public:
  static constexpr int64_t lanes = 16;

  KernelBuilder(mlir::ModuleOp module, llvm::StringRef name,
                llvm::ArrayRef<mlir::Type> argumentTypes);
  /// Adds the return.
  mlir::func::FuncOp finish();

  mlir::ImplicitLocOpBuilder b;

  mlir::Value argument(unsigned index) { return function.getArgument(index); }
  mlir::Value index(int64_t value);
  mlir::Value f32(float value);
  /// All 16 lanes equal.
  mlir::Value splat(mlir::Value scalar, int64_t count = lanes);
  mlir::Value zeros();

  mlir::Value addIndex(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mulIndex(mlir::Value lhs, int64_t rhs);
  mlir::Value divIndex(mlir::Value lhs, mlir::Value rhs);
  mlir::Value remIndex(mlir::Value lhs, mlir::Value rhs);

  /// a > b ? a : b, on numbers or lanes.
  mlir::Value greater(mlir::Value a, mlir::Value b);
  /// Lanes first .. first + count - 1.
  mlir::Value slice(mlir::Value vector, int64_t first, int64_t count);
  /// One lane for each of some 16-lane vectors: its sum in the tree of reduce_add. A power of
  /// two of them is done together, with a third of the shuffles.
  mlir::Value reduceEach(llvm::ArrayRef<mlir::Value> vectors);

  /// This thread's share of `count` items.
  std::pair<mlir::Value, mlir::Value> threadRange(mlir::Value count, mlir::Value thread,
                                                  mlir::Value threads);

  using Body = llvm::function_ref<void(mlir::Value)>;
  void loop(mlir::Value begin, mlir::Value end, int64_t step, Body body);
  void loop(mlir::Value begin, mlir::Value end, mlir::Value step, Body body);
  using CarryBody =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, llvm::ArrayRef<mlir::Value>)>;
  llvm::SmallVector<mlir::Value> loop(mlir::Value begin, mlir::Value end, int64_t step,
                                      llvm::ArrayRef<mlir::Value> initial, CarryBody body);

  void when(mlir::Value condition, llvm::function_ref<void()> body,
            llvm::function_ref<void()> otherwise = nullptr);

  /// Covers columns 0 .. count - 1 in steps of 16: body(column, width), width < 16
  /// at the end alone.
  void columns(int64_t count, llvm::function_ref<void(mlir::Value, int64_t)> body);
  /// The same with one carried vector.
  mlir::Value columns(int64_t count, mlir::Value initial,
                      llvm::function_ref<mlir::Value(mlir::Value, int64_t, mlir::Value)> body);

  /// 16 elements from `indices` on, of which `width` exist; the others read as zero.
  mlir::Value load(mlir::Value buffer, llvm::ArrayRef<mlir::Value> indices, int64_t width);
  /// The same as f32: f16 and bf16 are widened, i8 are converted.
  mlir::Value loadFloat(mlir::Value buffer, llvm::ArrayRef<mlir::Value> indices, int64_t width);
  /// The same from a key-value cache, whose f16 are finite.
  mlir::Value loadCached(mlir::Value buffer, llvm::ArrayRef<mlir::Value> indices, int64_t width);
  /// One f32 or f16 element in all lanes.
  mlir::Value loadSplat(mlir::Value buffer, mlir::Value index);
  /// Stores the first `width` lanes.
  void store(mlir::Value vector, mlir::Value buffer, llvm::ArrayRef<mlir::Value> indices,
             int64_t width);

private:
  mlir::Value mask(int64_t width);

  mlir::func::FuncOp function;
};

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_GENERIC_KERNELBUILDER_H
