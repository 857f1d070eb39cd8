#include "passes/Lower/Passes.h"
#include "passes/Lower/StoredTensors.h"
#include "passes/Lower/WeightChain.h"

#include "dialects/Lobit/LobitOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <map>

using namespace mlir;

namespace lobit {
#define GEN_PASS_DEF_ASSIGNOFFSETSPASS
#include "passes/Lower/Passes.h.inc"

namespace {

constexpr uint64_t alignment = 64;

struct Place {
  uint64_t offset = 0;
  uint64_t scaleOffset = 0;
};

class Section {
public:
  explicit Section(MLIRContext *context) : builder(context) {}

  /// Places the chain that ends in `op`, or finds the place of an equal one.
  LogicalResult place(Operation *op) {
    Value value = op->getResult(0);
    auto type = cast<lb::WeightType>(value.getType());
    if (!type.isPacked())
      return op->emitOpError("has the type ")
             << type << ", which has no byte layout; expected a packed or kept weight: run "
             << "lobit-pack-weights first";
    auto [it, isNew] = places.try_emplace(weightChainKey(value));
    if (isNew) {
      it->second.offset = append(type.getDataBytes());
      if (type.getScaleCount() > 0)
        it->second.scaleOffset = append(type.getScaleBytes());
    }
    op->setAttr(offsetAttr, builder.getI64IntegerAttr(it->second.offset));
    if (type.getScaleCount() > 0)
      op->setAttr(scaleOffsetAttr, builder.getI64IntegerAttr(it->second.scaleOffset));
    return success();
  }

  uint64_t size() const { return end; }

private:
  uint64_t append(uint64_t bytes) {
    uint64_t offset = llvm::alignTo(end, alignment);
    end = offset + bytes;
    return offset;
  }

  Builder builder;
  std::map<SmallVector<const void *>, Place> places;
  uint64_t end = 0;
};

/// A splat becomes a loop that stores one number, all other values are data.
bool isDenseConstant(arith::ConstantOp op) {
  auto values = dyn_cast<ElementsAttr>(op.getValue());
  if (!values || !isa<RankedTensorType>(values.getType()) || values.isSplat())
    return false;
  if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(values))
    return resource.tryGetAsArrayRef().has_value();
  return isa<DenseFPElementsAttr>(values) && values.getShapedType().getElementType().isF32();
}

/// The values of `constant` as a kept weight vector.
lb::WeightOp makeWeight(arith::ConstantOp constant) {
  OpBuilder builder(constant);
  auto values = cast<ElementsAttr>(constant.getValue());
  int64_t count = values.getNumElements();
  auto flatType = RankedTensorType::get({count}, builder.getF32Type());
  DenseElementsAttr codes;
  if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(values))
    codes = DenseElementsAttr::get(flatType, *resource.tryGetAsArrayRef());
  else
    codes = cast<DenseElementsAttr>(values).reshape(flatType);
  auto type = lb::WeightType::get(builder.getContext(), {count},
                                  TypeAttr::get(builder.getF32Type()), std::nullopt);
  return builder.create<lb::WeightOp>(constant.getLoc(), type, StringAttr(), codes, ElementsAttr());
}

struct AssignOffsetsPass : impl::AssignOffsetsPassBase<AssignOffsetsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Section section(&getContext());
    for (auto function : module.getOps<func::FuncOp>()) {
      SmallVector<Operation *> ops;
      function.walk([&](Operation *op) { ops.push_back(op); });
      for (Operation *op : ops)
        if (failed(visit(op, section)))
          return signalPassFailure();
    }
    module->setAttr(weightsSizeAttr, Builder(&getContext()).getI64IntegerAttr(section.size()));
  }

  LogicalResult visit(Operation *op, Section &section) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && isDenseConstant(constant)) {
      lb::WeightOp weight = makeWeight(constant);
      if (failed(section.place(weight)))
        return failure();
      constant->setAttr(offsetAttr, weight->getAttr(offsetAttr));
      return success();
    }
    if (!isWeightChainOp(op) || llvm::all_of(op->getUsers(), isWeightChainOp))
      return success();
    return section.place(op);
  }
};

} // namespace

std::vector<StoredTensor> storedTensors(ModuleOp module) {
  std::map<uint64_t, StoredTensor> byOffset;
  module.walk([&](Operation *op) {
    auto offset = op->getAttrOfType<IntegerAttr>(offsetAttr);
    if (!offset || !isWeightChainOp(op))
      return;
    StoredTensor tensor;
    tensor.value = op->getResult(0);
    tensor.type = cast<lb::WeightType>(tensor.value.getType());
    tensor.offset = offset.getInt();
    if (auto scaleOffset = op->getAttrOfType<IntegerAttr>(scaleOffsetAttr))
      tensor.scaleOffset = scaleOffset.getInt();
    byOffset.try_emplace(tensor.offset, tensor);
  });

  std::vector<StoredTensor> tensors;
  llvm::StringSet<> names;
  for (auto &[offset, tensor] : byOffset) {
    auto root = cast<lb::WeightOp>(weightChain(tensor.value).front());
    std::string base =
        root.getName() ? root.getName()->str() : "inline." + std::to_string(tensors.size());
    tensor.name = base;
    for (unsigned n = 2; !names.insert(tensor.name).second; ++n)
      tensor.name = base + "#" + std::to_string(n);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

uint64_t weightsSize(ModuleOp module) {
  auto size = module->getAttrOfType<IntegerAttr>(weightsSizeAttr);
  return size ? size.getInt() : 0;
}

} // namespace lobit
