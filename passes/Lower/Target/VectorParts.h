/// \file
/// A builder that takes vectors apart and puts them together.
#ifndef LOBIT_PASSES_LOWER_TARGET_VECTORPARTS_H
#define LOBIT_PASSES_LOWER_TARGET_VECTORPARTS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace lobit {

class VectorParts : public mlir::ImplicitLocOpBuilder {
public:
  VectorParts(mlir::Location loc, mlir::OpBuilder &builder) : ImplicitLocOpBuilder(loc, builder) {}

  static mlir::VectorType typeOf(mlir::Value v) {
    return mlir::cast<mlir::VectorType>(v.getType());
  }
  static int64_t lanes(mlir::Value v) { return typeOf(v).getNumElements(); }

  /// The same bits as lanes of `element`.
  mlir::Value bitcast(mlir::Value v, mlir::Type element) {
    int64_t bits = lanes(v) * typeOf(v).getElementTypeBitWidth();
    int64_t count = bits / element.getIntOrFloatBitWidth();
    return create<mlir::vector::BitCastOp>(mlir::VectorType::get({count}, element), v);
  }

  /// A constant of the type of `like` with all lanes equal.
  mlir::Value splat(int64_t value, mlir::Value like) {
    mlir::VectorType type = typeOf(like);
    return create<mlir::arith::ConstantOp>(mlir::DenseElementsAttr::get(
        type, llvm::APInt(type.getElementTypeBitWidth(), value, /*isSigned=*/true)));
  }
  mlir::Value splatFloat(float value, mlir::Value like) {
    return create<mlir::arith::ConstantOp>(
        mlir::DenseElementsAttr::get(typeOf(like), llvm::APFloat(value)));
  }

  mlir::Value slice(mlir::Value v, int64_t begin, int64_t count) {
    llvm::SmallVector<int64_t> indices;
    for (int64_t i = 0; i < count; ++i)
      indices.push_back(begin + i);
    return create<mlir::vector::ShuffleOp>(v, v, indices);
  }

  /// Vectors side by side.
  mlir::Value join(llvm::ArrayRef<mlir::Value> parts) {
    mlir::Value result = parts[0];
    for (mlir::Value part : parts.drop_front())
      result = append(result, part);
    return result;
  }

  /// Applies `f` to each of `parts` equal parts of the operands, results side by side.
  mlir::Value mapParts(int64_t parts, llvm::ArrayRef<mlir::Value> operands,
                       llvm::function_ref<mlir::Value(llvm::ArrayRef<mlir::Value>)> f) {
    if (parts == 1)
      return f(operands);
    llvm::SmallVector<mlir::Value> results;
    for (int64_t p = 0; p < parts; ++p) {
      llvm::SmallVector<mlir::Value> pieces;
      for (mlir::Value v : operands)
        pieces.push_back(slice(v, p * (lanes(v) / parts), lanes(v) / parts));
      results.push_back(f(pieces));
    }
    return join(results);
  }

private:
  /// shuffle takes operands of different lengths.
  mlir::Value append(mlir::Value a, mlir::Value b) {
    llvm::SmallVector<int64_t> indices;
    for (int64_t i = 0; i < lanes(a) + lanes(b); ++i)
      indices.push_back(i);
    if (lanes(a) == lanes(b))
      return create<mlir::vector::ShuffleOp>(a, b, indices);
    // LLVM's shufflevector wants equal lengths: widen the shorter one first.
    llvm::SmallVector<int64_t> widened;
    for (int64_t i = 0; i < lanes(a); ++i)
      widened.push_back(i < lanes(b) ? i : 0);
    return create<mlir::vector::ShuffleOp>(a, create<mlir::vector::ShuffleOp>(b, b, widened),
                                           indices);
  }
};

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_TARGET_VECTORPARTS_H
