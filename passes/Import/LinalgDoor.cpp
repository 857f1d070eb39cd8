#include "passes/Import/LinalgDoor.h"

#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace lobit {

#define LOBIT_TENSOR_OP(name) name,
#define LOBIT_SCALAR_OP(name)
static const char *const tensorOps[] = {
#include "dialects/Interpreter/AcceptedOps.inc"
};
#define LOBIT_TENSOR_OP(name)
#define LOBIT_SCALAR_OP(name) name,
static const char *const scalarOps[] = {
#include "dialects/Interpreter/AcceptedOps.inc"
};

static bool isElement(Type type) {
  return type.isF32() || type.isIndex() || type.isInteger(1) || type.isInteger(8) ||
         type.isInteger(32) || type.isInteger(64);
}

static LogicalResult checkTensorType(Operation *op, Type type) {
  if (isa<lb::WeightType>(type) || isElement(type))
    return success();
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !isElement(tensor.getElementType()))
    return op->emitError() << "expected tensors of f32, i1, i8, i32, i64 or index, found " << type;
  if (!tensor.hasStaticShape())
    return op->emitError() << "expected a static shape, found " << type
                           << "; export the model with fixed sizes";
  if (tensor.getNumElements() == 0)
    return op->emitError() << "expected at least one element, found " << type;
  return success();
}

static LogicalResult refuse(Operation *op, StringRef where) {
  return op->emitError() << "'" << op->getName() << "' is not supported " << where
                         << "; see dialects/Interpreter/AcceptedOps.inc for the ops that are";
}

static LogicalResult checkScalarOp(Operation *op) {
  if (!llvm::is_contained(scalarOps, op->getName().getStringRef()))
    return refuse(op, "inside a linalg op");
  for (Type type : op->getResultTypes())
    if (!isElement(type))
      return op->emitError() << "expected numbers of type f32, i1, i8, i32, i64 or index, found "
                             << type;
  return success();
}

static LogicalResult checkTensorOp(Operation *op) {
  bool isLobit = isa_and_nonnull<lb::LobitDialect>(op->getDialect());
  if (!isLobit && !llvm::is_contained(tensorOps, op->getName().getStringRef()))
    return refuse(op, "in a function of tensors");
  for (Type type : op->getResultTypes())
    if (failed(checkTensorType(op, type)))
      return failure();
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    for (AffineMap map : linalgOp.getIndexingMapsArray())
      for (AffineExpr expr : map.getResults())
        if (!isa<AffineDimExpr, AffineConstantExpr>(expr))
          return op->emitError() << "expected indexing maps of plain dimensions, found "
                                 << AffineMapAttr::get(map);
    WalkResult result = op->walk([&](Operation *inner) {
      return inner != op && failed(checkScalarOp(inner)) ? WalkResult::interrupt()
                                                         : WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }
  if (op->getNumRegions() != 0)
    return refuse(op, "with regions");
  return success();
}

static LogicalResult checkFunction(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError() << "expected a body of one block, found "
                                << function.getBody().getBlocks().size();
  for (ArrayRef<Type> types : {function.getArgumentTypes(), function.getResultTypes()})
    for (Type type : types) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !(tensor.getElementType().isF32() || tensor.getElementType().isInteger(32)))
        return function.emitError()
               << "expected arguments and results that are tensors of f32 or i32, found " << type;
      if (failed(checkTensorType(function, type)))
        return failure();
    }
  if (function.getNumResults() == 0)
    return function.emitError() << "expected a function with results, found none";
  for (Operation &op : function.getBody().front())
    if (failed(checkTensorOp(&op)))
      return failure();
  return success();
}

LogicalResult checkLinalgModule(ModuleOp module) {
  func::FuncOp entry;
  for (Operation &op : *module.getBody()) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (!function)
      return refuse(&op, "in a module");
    if (entry)
      return function.emitError() << "expected one function, found a second: @"
                                  << function.getName() << " beside @" << entry.getName();
    entry = function;
    if (failed(checkFunction(function)))
      return failure();
  }
  if (!entry)
    return module.emitError() << "expected a function, found none";
  return success();
}

} // namespace lobit
