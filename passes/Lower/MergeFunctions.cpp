#include "passes/Lower/Operations.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/WeightChain.h"

#include "dialects/LM/LMOps.h"
#include "dialects/Lobit/LobitOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace lobit {
#define GEN_PASS_DEF_MERGEFUNCTIONSPASS
#include "passes/Lower/Passes.h.inc"

namespace {

bool isHoisted(Operation *op) { return isWeightChainOp(op) || isa<lm::CacheOp>(op); }

/// The ops that make `value`, in order. All of them are hoisted ops.
SmallVector<Operation *> recipe(Value value) {
  if (isa<lm::CacheOp>(value.getDefiningOp()))
    return {value.getDefiningOp()};
  return weightChain(value);
}

/// What a function looks like without its names.
std::string form(func::FuncOp function) {
  OwningOpRef<func::FuncOp> copy(function.clone());
  copy->setSymName("");
  copy->walk([](Operation *op) {
    op->removeAttr(lb::nameAttr);
    op->removeAttr(labelsAttr);
  });
  std::string text;
  llvm::raw_string_ostream stream(text);
  copy->getOperation()->print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
  return text;
}

struct MergeFunctionsPass : impl::MergeFunctionsPassBase<MergeFunctionsPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(order(function)))
        return signalPassFailure();
    for (func::FuncOp function : calleesFirst)
      if (function.isPrivate() && !function.isExternal())
        hoist(function);
    for (func::FuncOp function : calleesFirst)
      for (func::CallOp call : function.getOps<func::CallOp>())
        label(call);
    merge();
  }

private:
  /// Appends `function` to calleesFirst after all functions it calls.
  LogicalResult order(func::FuncOp function) {
    auto [it, isNew] = finished.try_emplace(function, false);
    if (!isNew)
      return it->second ? success()
                        : function.emitOpError("calls itself; expected calls without recursion");
    for (func::CallOp call : function.getOps<func::CallOp>())
      if (auto callee = getOperation().lookupSymbol<func::FuncOp>(call.getCallee()))
        if (failed(order(callee)))
          return failure();
    finished[function] = true;
    calleesFirst.push_back(function);
    return success();
  }

  /// The calls of `function`.
  SmallVector<func::CallOp> callsOf(func::FuncOp function) {
    SmallVector<func::CallOp> calls;
    getOperation().walk([&](func::CallOp call) {
      if (call.getCallee() == function.getName())
        calls.push_back(call);
    });
    return calls;
  }

  /// Moves the weights and caches of `function` to the calls.
  void hoist(func::FuncOp function) {
    SmallVector<Value> values;
    for (Operation &op : function.getBody().getOps())
      if (isHoisted(&op) && !llvm::all_of(op.getUsers(), isHoisted))
        values.push_back(op.getResult(0));
    if (values.empty())
      return;

    for (func::CallOp call : callsOf(function)) {
      OpBuilder builder(call);
      IRMapping copied;
      for (Value value : values) {
        for (Operation *op : recipe(value))
          if (!copied.contains(op->getResult(0)))
            builder.clone(*op, copied);
        call->insertOperands(call->getNumOperands(), copied.lookup(value));
      }
    }

    unsigned firstArgument = function.getNumArguments();
    for (Value value : values)
      function.insertArgument(function.getNumArguments(), value.getType(), {}, value.getLoc());
    for (auto [index, value] : llvm::enumerate(values)) {
      value.replaceUsesWithIf(function.getArgument(firstArgument + index),
                              [](OpOperand &use) { return !isHoisted(use.getOwner()); });
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
      if (isHoisted(&op) && op.use_empty())
        op.erase();
  }

  /// Notes at the call what its callee's operations are called.
  void label(func::CallOp call) {
    auto callee = getOperation().lookupSymbol<func::FuncOp>(call.getCallee());
    if (!callee || callee.isExternal())
      return;
    Builder builder(call.getContext());
    SmallVector<Attribute> labels;
    for (const std::string &name : operationLabels(callee))
      labels.push_back(builder.getStringAttr(name));
    call->setAttr(labelsAttr, builder.getArrayAttr(labels));
  }

  /// Calls the first of all functions of the same form, callees before callers, and
  /// erases the others.
  void merge() {
    llvm::StringMap<func::FuncOp> firstOfForm;
    for (func::FuncOp function : calleesFirst) {
      if (!function.isPrivate() || function.isExternal())
        continue;
      auto [it, isNew] = firstOfForm.try_emplace(form(function), function);
      if (isNew)
        continue;
      for (func::CallOp call : callsOf(function))
        call.setCallee(it->second.getName());
      function.erase();
    }
    for (auto &entry : firstOfForm)
      entry.second.walk([](Operation *op) { op->removeAttr(lb::nameAttr); });
  }

  SmallVector<func::FuncOp> calleesFirst;
  llvm::DenseMap<Operation *, bool> finished;
};

} // namespace
} // namespace lobit
