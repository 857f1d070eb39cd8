#include "passes/Lower/FunctionLowering.h"
#include "passes/Lower/LinearFunctions.h"
#include "passes/Lower/ModuleFacts.h"
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
#define GEN_PASS_DEF_CONVERTLOBITTOUKERNELPASS
#include "passes/Lower/Passes.h.inc"

namespace {

struct ConvertLobitToUKernelPass : impl::ConvertLobitToUKernelPassBase<ConvertLobitToUKernelPass> {
  using ConvertLobitToUKernelPassBase::ConvertLobitToUKernelPassBase;

  void runOnOperation() override {
    ModuleLowering shared;
    shared.module = getOperation();
    if (failed(readOptions(shared)) || failed(order()))
      return signalPassFailure();

    SmallVector<std::string> labels = operationLabels(entry);
    for (func::FuncOp function : calleesFirst) {
      auto lowering = std::make_unique<FunctionLowering>(shared, function, function == entry);
      FunctionLowering *analyzed = lowering.get();
      shared.functions[function] = std::move(lowering);
      if (failed(analyzed->analyze()))
        return signalPassFailure();
    }

    uint64_t scratch = placeScratch(shared);
    for (func::FuncOp function : calleesFirst)
      shared.functions[function]->emit();
    scratch = std::max(scratch, emitLinearFunctions(shared));

    std::vector<TracedOperation> table(shared.functions[entry]->getOperations().begin(),
                                       shared.functions[entry]->getOperations().end());
    for (auto [operation, label] : llvm::zip_equal(table, labels))
      operation.label = label;
    setOperations(shared.module, table);
    setModuleFacts(shared.module,
                   {scratch, shared.stateBytes, static_cast<uint64_t>(shared.maxRows),
                    shared.functions[entry]->hiddenOffset()});
    setCodeTable(shared.module);
    for (func::FuncOp function : calleesFirst)
      function.erase();
  }

private:
  /// The functions of LobitCodeTable, in order.
  static void setCodeTable(ModuleOp module) {
    MLIRContext *context = module.getContext();
    SmallVector<Attribute> symbols = {FlatSymbolRefAttr::get(context, modelSymbol)};
    for (const LinearFunction &function : linearFunctions(module))
      symbols.push_back(FlatSymbolRefAttr::get(context, function.symbol));
    module->setAttr(codeTableAttr, ArrayAttr::get(context, symbols));
  }

  LogicalResult readOptions(ModuleLowering &shared) {
    const IsaInfo *info = findIsa(std::string_view(isa));
    if (!info)
      return getOperation().emitOpError("cannot be lowered for the instruction set '")
             << isa << "'; expected one of " << isaWords();
    shared.isa = info->isa;
    if (maxRows <= 0 || maxRows % 16 != 0)
      return getOperation().emitOpError("cannot be lowered with max-rows = ")
             << maxRows.getValue() << "; expected a positive multiple of 16";
    shared.maxRows = maxRows;
    // Static functions bring their own number of rows.
    getOperation().walk([&](Operation *op) {
      if (!isTracedOp(op))
        return;
      for (Type type : op->getOperandTypes())
        if (auto tensor = dyn_cast<RankedTensorType>(type);
            tensor && tensor.getRank() == 2 && !tensor.isDynamicDim(0))
          shared.maxRows =
              std::max<int64_t>(shared.maxRows, llvm::alignTo(tensor.getDimSize(0), 16));
    });
    return success();
  }

  /// Finds the entry function and orders all it reaches, callees first.
  LogicalResult order() {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr(lb::entryAttr))
        continue;
      if (entry)
        return function.emitOpError("has the attribute lobit.entry, but so has @")
               << entry.getName() << "; expected one entry function";
      entry = function;
    }
    if (!entry)
      return getOperation().emitOpError("has no function with the attribute lobit.entry");
    return visit(entry);
  }

  LogicalResult visit(func::FuncOp function) {
    auto [it, isNew] = finished.try_emplace(function, false);
    if (!isNew)
      return it->second ? success()
                        : function.emitOpError("calls itself; expected calls without "
                                               "recursion");
    for (func::CallOp call : function.getOps<func::CallOp>()) {
      auto callee = getOperation().lookupSymbol<func::FuncOp>(call.getCallee());
      if (callee && !callee.isExternal() && failed(visit(callee)))
        return failure();
    }
    finished[function] = true;
    calleesFirst.push_back(function);
    return success();
  }

  /// The scratch of a function starts behind that of its callers, because they are active
  /// at the same time. Returns the bytes of all.
  uint64_t placeScratch(ModuleLowering &shared) {
    uint64_t total = 0;
    for (func::FuncOp function : llvm::reverse(calleesFirst)) {
      FunctionLowering &caller = *shared.functions[function];
      uint64_t end = caller.scratchBase + caller.scratchBytes();
      total = std::max(total, end);
      for (func::CallOp call : function.getOps<func::CallOp>()) {
        FunctionLowering *callee = shared.find(call.getCallee());
        callee->scratchBase = std::max(callee->scratchBase, end);
      }
    }
    return total;
  }

  func::FuncOp entry;
  SmallVector<func::FuncOp> calleesFirst;
  llvm::DenseMap<Operation *, bool> finished;
};

} // namespace
} // namespace lobit
