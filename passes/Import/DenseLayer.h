/// \file
/// Recognizes dense layers in linalg on tensors.
#ifndef LOBIT_PASSES_IMPORT_DENSELAYER_H
#define LOBIT_PASSES_IMPORT_DENSELAYER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace lobit {

/// A constant f32 matrix or vector: an arith.constant, or a linalg.transpose of one.
struct ConstantTensor {
  mlir::ElementsAttr values; ///< as they stand in the constant
  bool transposed = false;   ///< a matrix, to be read with its dimensions swapped
  mlir::Operation *op = nullptr;
};
std::optional<ConstantTensor> matchConstant(mlir::Value value);

/// A bias of n values, one for each column of the result.
struct Bias {
  mlir::DenseElementsAttr values; ///< shape [n]
};
/// A value [m, n] whose rows are all the same constant vector.
std::optional<Bias> matchBroadcastBias(mlir::Value value);

struct DenseLayer {
  mlir::Value input; ///< [m, k]
  ConstantTensor weight;
  bool weightIsInOut = false; ///< the constant, read as it says, is [k, n]
  std::optional<Bias> bias;   ///< the layer starts from it
};
/// `op` when it is x W^T with a constant W that starts from zeros or from a bias.
std::optional<DenseLayer> matchDenseLayer(mlir::linalg::LinalgOp op);

/// The bias when `op` adds a constant vector to each row of `value`.
std::optional<Bias> matchBiasAdd(mlir::Operation *op, mlir::Value value);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_DENSELAYER_H
