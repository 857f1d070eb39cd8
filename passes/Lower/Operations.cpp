#include "passes/Lower/Operations.h"

#include "dialects/LM/LMOps.h"
#include "dialects/Lobit/LobitOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace lobit {

bool isTracedOp(Operation *op) {
  if (isa<lb::LinearOp, linalg::LinalgOp>(op))
    return true;
  return isa_and_nonnull<lm::LMDialect>(op->getDialect()) && !isa<lm::CacheOp>(op);
}

SmallVector<std::string> operationLabels(func::FuncOp function) {
  SmallVector<std::string> labels;
  SymbolTableCollection symbols;
  for (Operation &op : function.getBody().getOps()) {
    if (auto call = dyn_cast<func::CallOp>(op)) {
      if (auto names = call->getAttrOfType<ArrayAttr>(labelsAttr)) {
        for (StringAttr name : names.getAsRange<StringAttr>())
          labels.push_back(name.str());
      } else if (auto callee =
                     symbols.lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr())) {
        llvm::append_range(labels, operationLabels(callee));
      }
    } else if (isTracedOp(&op)) {
      auto name = op.getAttrOfType<StringAttr>(lb::nameAttr);
      labels.push_back(name ? name.str()
                            : (function.getName() + "." + op.getName().stripDialect()).str());
    }
  }
  return labels;
}

void setOperations(ModuleOp module, ArrayRef<TracedOperation> operations) {
  Builder builder(module.getContext());
  SmallVector<Attribute> rows;
  for (const TracedOperation &operation : operations)
    rows.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("label", builder.getStringAttr(operation.label)),
         builder.getNamedAttr("kernel", builder.getStringAttr(operation.kernel)),
         builder.getNamedAttr("layout", builder.getStringAttr(operation.layout)),
         builder.getNamedAttr("weight_bytes", builder.getI64IntegerAttr(operation.weightBytes)),
         builder.getNamedAttr("flops", builder.getI64IntegerAttr(operation.flops))}));
  module->setAttr(operationsAttr, builder.getArrayAttr(rows));
}

std::vector<TracedOperation> operations(ModuleOp module) {
  std::vector<TracedOperation> result;
  auto rows = module->getAttrOfType<ArrayAttr>(operationsAttr);
  if (!rows)
    return result;
  for (auto row : rows.getAsRange<DictionaryAttr>())
    result.push_back({row.getAs<StringAttr>("label").str(), row.getAs<StringAttr>("kernel").str(),
                      row.getAs<StringAttr>("layout").str(),
                      static_cast<uint64_t>(row.getAs<IntegerAttr>("weight_bytes").getInt()),
                      static_cast<uint64_t>(row.getAs<IntegerAttr>("flops").getInt())});
  return result;
}

} // namespace lobit
