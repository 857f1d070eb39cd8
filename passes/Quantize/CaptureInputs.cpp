#include "passes/Quantize/CaptureInputs.h"

#include "dialects/LM/LMOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

#include <map>

using namespace mlir;
using namespace lobit;

std::vector<Value> lobit::multipliedInputs(const Layer &layer) {
  llvm::SetVector<Value> inputs;
  for (OpOperand *operand : layer.operands) {
    if (auto linear = dyn_cast<lb::LinearOp>(operand->getOwner()))
      inputs.insert(linear.getInput());
    else if (auto head = dyn_cast<lm::HeadOp>(operand->getOwner()))
      inputs.insert(head.getInput());
  }
  return {inputs.begin(), inputs.end()};
}

namespace {

/// A value that is to be a result: the number of the captured value, and what it is here.
struct Capture {
  size_t number;
  Value here;
};

class Capturer {
public:
  Capturer(ModuleOp module, Operation *entry, ArrayRef<Value> values)
      : module(module), entry(entry), results(values.size()) {
    for (size_t number = 0; number < values.size(); ++number) {
      Value value = values[number];
      captures[value.getParentRegion()->getParentOfType<func::FuncOp>()].push_back({number, value});
    }
  }

  std::vector<std::vector<unsigned>> run() {
    visit(cast<func::FuncOp>(entry));
    return std::move(results);
  }

private:
  /// Callees first: a function's captures are complete when its results are added.
  void visit(func::FuncOp function) {
    if (!visited.insert(function).second || function.isExternal())
      return;
    for (func::CallOp call : llvm::make_early_inc_range(function.getOps<func::CallOp>())) {
      auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
      if (!callee)
        continue;
      visit(callee);
      if (auto it = captures.find(callee); it != captures.end() && callee != function)
        replaceCall(function, call, callee, it->second);
    }
    auto it = captures.find(function);
    if (it != captures.end())
      addResults(function, it->second);
  }

  void addResults(func::FuncOp function, ArrayRef<Capture> wanted) {
    Operation *end = function.getBody().front().getTerminator();
    SmallVector<Type> types(function.getResultTypes());
    for (const Capture &capture : wanted) {
      if (function == entry)
        results[capture.number].push_back(unsigned(types.size()));
      end->insertOperands(end->getNumOperands(), capture.here);
      types.push_back(capture.here.getType());
    }
    function.setFunctionType(
        FunctionType::get(function.getContext(), function.getArgumentTypes(), types));
  }

  void replaceCall(func::FuncOp caller, func::CallOp call, func::FuncOp callee,
                   ArrayRef<Capture> captured) {
    OpBuilder builder(call);
    auto longer = builder.create<func::CallOp>(call.getLoc(), callee, call.getOperands());
    longer->setDiscardableAttrs(call->getDiscardableAttrDictionary());
    SmallVector<Capture> &mine = captures[caller];
    for (auto [before, after] : llvm::zip(call.getResults(), longer.getResults()))
      for (Capture &capture : mine)
        if (capture.here == before)
          capture.here = after;
    for (auto [index, capture] : llvm::enumerate(captured))
      mine.push_back({capture.number, longer.getResult(call.getNumResults() + unsigned(index))});
    call.replaceAllUsesWith(longer.getResults().take_front(call.getNumResults()));
    call.erase();
  }

  ModuleOp module;
  Operation *entry;
  std::map<Operation *, SmallVector<Capture>> captures;
  llvm::DenseSet<Operation *> visited;
  std::vector<std::vector<unsigned>> results;
};

} // namespace

std::vector<std::vector<unsigned>> lobit::captureValues(ModuleOp module, Operation *entry,
                                                        ArrayRef<Value> values) {
  return Capturer(module, entry, values).run();
}
