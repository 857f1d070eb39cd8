#include "passes/Lower/WeightChain.h"

#include "dialects/Lobit/LobitOps.h"
#include "passes/Lower/StoredTensors.h"

using namespace mlir;

namespace lobit {

bool isWeightChainOp(Operation *op) { return isa<lb::WeightOp, lb::QuantizeOp, lb::PackOp>(op); }

SmallVector<Operation *> weightChain(Value value) {
  SmallVector<Operation *> chain;
  while (Operation *op = value.getDefiningOp()) {
    if (!isWeightChainOp(op))
      return {};
    chain.insert(chain.begin(), op);
    if (isa<lb::WeightOp>(op))
      return chain;
    value = op->getOperand(0);
  }
  return {};
}

SmallVector<const void *> weightChainKey(Value value) {
  SmallVector<const void *> key;
  for (Operation *op : weightChain(value)) {
    NamedAttrList attributes(op->getAttrDictionary());
    attributes.erase(offsetAttr);
    attributes.erase(scaleOffsetAttr);
    key.push_back(op->getName().getAsOpaquePointer());
    key.push_back(attributes.getDictionary(op->getContext()).getAsOpaquePointer());
    key.push_back(op->getResult(0).getType().getAsOpaquePointer());
  }
  return key;
}

} // namespace lobit
