#include "dialects/Lobit/LobitOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Import/DenseLayer.h"
#include "passes/Import/LinalgDoor.h"
#include "passes/Import/Passes.h"

#include <cmath>

using namespace mlir;

namespace lobit {

#define GEN_PASS_DEF_CONVERTLINALGTOLOBITPASS
#include "passes/Import/Passes.h.inc"

/// A weight as [out, in]; null after an error.
static ElementsAttr outInValues(const DenseLayer &layer) {
  ElementsAttr values = layer.weight.values;
  auto type = cast<RankedTensorType>(values.getType());
  auto resource = dyn_cast<DenseF32ResourceElementsAttr>(values);
  if (resource) {
    std::optional<ArrayRef<float>> data = resource.tryGetAsArrayRef();
    if (!data || int64_t(data->size()) != type.getNumElements()) {
      layer.weight.op->emitError() << "expected a resource with " << type.getNumElements()
                                   << " values, found " << (data ? int64_t(data->size()) : 0);
      return {};
    }
  }
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  auto checkFinite = [&](auto range) {
    int64_t index = 0;
    for (float value : range) {
      if (!std::isfinite(value)) {
        layer.weight.op->emitError()
            << "expected finite weights, found " << (std::isnan(value) ? "NaN" : "an infinity")
            << " at row " << index / columns << ", column " << index % columns;
        return false;
      }
      ++index;
    }
    return true;
  };
  auto dense = dyn_cast<DenseElementsAttr>(values);
  bool finite =
      resource ? checkFinite(*resource.tryGetAsArrayRef()) : checkFinite(dense.getValues<float>());
  if (!finite)
    return {};
  if (!layer.weightIsInOut)
    return values;
  auto transposedType = RankedTensorType::get({columns, rows}, type.getElementType());
  if (dense && dense.isSplat())
    return dense.reshape(transposedType);
  SmallVector<float> read;
  ArrayRef<float> data;
  if (resource) {
    data = *resource.tryGetAsArrayRef();
  } else {
    read = llvm::to_vector(dense.getValues<float>());
    data = read;
  }
  std::vector<float> transposed(data.size());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      transposed[column * rows + row] = data[row * columns + column];
  return DenseElementsAttr::get(transposedType, ArrayRef<float>(transposed));
}

static Value makeWeight(OpBuilder &builder, Location loc, ElementsAttr values) {
  auto type =
      lb::WeightType::get(builder.getContext(), cast<RankedTensorType>(values.getType()).getShape(),
                          TypeAttr::get(builder.getF32Type()), std::nullopt);
  return builder.create<lb::WeightOp>(loc, type, StringAttr(), values, ElementsAttr());
}

/// Replaces the result of `op`, or of the addition of a bias that follows it, by a
/// lobit.linear. The ops that are unused then are erased later.
static LogicalResult convert(linalg::LinalgOp op, DenseLayer layer, int64_t index) {
  Operation *last = op;
  Value result = op->getResult(0);
  if (!layer.bias && result.hasOneUse()) {
    Operation *user = *result.user_begin();
    if (std::optional<Bias> bias = matchBiasAdd(user, result)) {
      layer.bias = bias;
      last = user;
    }
  }
  ElementsAttr values = outInValues(layer);
  if (!values)
    return failure();
  OpBuilder builder(last);
  Value weight = makeWeight(builder, op.getLoc(), values);
  Value bias = layer.bias ? makeWeight(builder, op.getLoc(), layer.bias->values) : Value();
  auto linear =
      builder.create<lb::LinearOp>(op.getLoc(), result.getType(), layer.input, weight, bias);
  linear->setDiscardableAttr(lb::nameAttr, builder.getStringAttr("dense_" + std::to_string(index)));
  last->getResult(0).replaceAllUsesWith(linear.getResult());
  return success();
}

static void eraseUnused(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct ConvertLinalgToLobitPass : impl::ConvertLinalgToLobitPassBase<ConvertLinalgToLobitPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkLinalgModule(module)))
      return signalPassFailure();
    Builder builder(&getContext());
    auto function = *module.getOps<func::FuncOp>().begin();
    int64_t index = 0;
    SmallVector<linalg::LinalgOp> ops(function.getOps<linalg::LinalgOp>());
    for (linalg::LinalgOp op : ops)
      if (std::optional<DenseLayer> layer = matchDenseLayer(op))
        if (failed(convert(op, *layer, index++)))
          return signalPassFailure();
    eraseUnused(function.getBody().front());
    function.setPublic();
    function->setDiscardableAttr(lb::entryAttr, builder.getUnitAttr());
    if (!module->hasAttr(lb::modelAttr))
      module->setDiscardableAttr(lb::modelAttr, builder.getDictionaryAttr(builder.getNamedAttr(
                                                    "kind", builder.getStringAttr("function"))));
  }
};
} // namespace

} // namespace lobit
