#include "dialects/Interpreter/Evaluation.h"
#include "dialects/Interpreter/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace lobit {

#define GEN_PASS_DEF_INTERPRETPASS
#include "dialects/Interpreter/Passes.h.inc"

namespace {

/// The body becomes one constant per result; dynamic types get a cast.
void replaceBody(func::FuncOp function, ArrayRef<TensorValue> results) {
  Block &body = function.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  Operation *terminator = body.getTerminator();
  for (auto [index, result] : llvm::enumerate(results)) {
    Type type = function.getResultTypes()[index];
    Location loc = terminator->getLoc();
    Value value = builder.create<arith::ConstantOp>(loc, attributeOfTensor(result, type));
    if (value.getType() != type)
      value = builder.create<tensor::CastOp>(loc, type, value);
    terminator->setOperand(index, value);
  }
  // What is left of the old body has no users but itself, later ops first.
  builder.setInsertionPoint(terminator);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (!op.hasTrait<OpTrait::IsTerminator>() && op.use_empty())
      op.erase();
}

struct InterpretPass : impl::InterpretPassBase<InterpretPass> {
  void runOnOperation() override {
    std::vector<std::pair<func::FuncOp, std::vector<TensorValue>>> results;
    Interpreter interpreter(getOperation(), /*source=*/nullptr);
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal() || function.isPrivate() || function.getNumArguments() != 0)
        continue;
      Result<std::vector<TensorValue>> values = interpreter.call(function.getName(), {});
      if (!values.ok()) {
        function.emitError() << values.status().message();
        return signalPassFailure();
      }
      results.emplace_back(function, std::move(*values));
    }
    for (auto &[function, values] : results)
      replaceBody(function, values);
  }
};

} // namespace
} // namespace lobit
