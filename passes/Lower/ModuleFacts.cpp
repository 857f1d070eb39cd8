#include "passes/Lower/ModuleFacts.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace lobit {

void setModuleFacts(ModuleOp module, const ModuleFacts &facts) {
  Builder builder(module.getContext());
  module->setAttr(scratchSizeAttr, builder.getI64IntegerAttr(facts.scratchBytes));
  module->setAttr(stateSizeAttr, builder.getI64IntegerAttr(facts.stateBytes));
  module->setAttr(maxRowsAttr, builder.getI64IntegerAttr(facts.maxRows));
  if (facts.hiddenOffset)
    module->setAttr(hiddenOffsetAttr, builder.getI64IntegerAttr(*facts.hiddenOffset));
}

ModuleFacts moduleFacts(ModuleOp module) {
  auto read = [&](const char *name) -> uint64_t {
    auto value = module->getAttrOfType<IntegerAttr>(name);
    return value ? value.getInt() : 0;
  };
  ModuleFacts facts{read(scratchSizeAttr), read(stateSizeAttr), read(maxRowsAttr), std::nullopt};
  if (module->hasAttr(hiddenOffsetAttr))
    facts.hiddenOffset = read(hiddenOffsetAttr);
  return facts;
}

} // namespace lobit
