#include "dialects/Lobit/LobitOps.h"
#include "dialects/Lobit/Weights/WeightChain.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "passes/Pack/Passes.h"

namespace lobit {
#define GEN_PASS_DEF_LOBITFOLDWEIGHTS
#include "passes/Pack/Passes.h.inc"
} // namespace lobit

using namespace mlir;
using namespace lobit;
using lb::WeightType;

namespace {

ElementsAttr codesAttr(const EvaluatedWeight &weight, WeightType type) {
  Type i8 = IntegerType::get(type.getContext(), 8);
  bool isPacked = type.getLayout().has_value();
  auto shaped = RankedTensorType::get(
      isPacked ? ArrayRef<int64_t>(type.getDataBytes()) : type.getShape(), i8);
  const char *bytes = isPacked ? reinterpret_cast<const char *>(weight.bytes.data())
                               : reinterpret_cast<const char *>(weight.codes.data());
  size_t size = isPacked ? weight.bytes.size() : weight.codes.size();
  return DenseElementsAttr::getFromRawBuffer(shaped, ArrayRef(bytes, size));
}

ElementsAttr scalesAttr(const EvaluatedWeight &weight, WeightType type) {
  Builder builder(type.getContext());
  Type element = type.getScaleType() == ScaleType::F16 ? Type(builder.getF16Type())
                                                       : Type(builder.getF32Type());
  std::vector<uint8_t> bytes = encodeScales(weight.scales, type.getScaleType());
  return DenseElementsAttr::getFromRawBuffer(
      RankedTensorType::get(type.getScaleCount(), element),
      ArrayRef(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
}

struct FoldWeightsPass : lobit::impl::LobitFoldWeightsBase<FoldWeightsPass> {
  using LobitFoldWeightsBase::LobitFoldWeightsBase;

  void runOnOperation() override {
    // The last op of each inline chain; chains may share their beginning.
    SmallVector<Value> ends;
    getOperation().walk([&](Operation *op) {
      if (!isa<lb::QuantizeOp, lb::PackOp>(op))
        return;
      Value value = op->getResult(0);
      bool isEnd = !llvm::all_of(value.getUsers(), llvm::IsaPred<lb::PackOp>);
      Result<WeightChain> chain = findWeightChain(value);
      if (isEnd && chain.ok() && !chain->weight.getName())
        ends.push_back(value);
    });
    SmallVector<Operation *> replaced;
    for (Value end : ends) {
      Operation *op = end.getDefiningOp();
      Result<EvaluatedWeight> weight = evaluateWeight(end, nullptr);
      if (!weight.ok()) {
        op->emitOpError(weight.status().message());
        return signalPassFailure();
      }
      auto type = cast<WeightType>(end.getType());
      OpBuilder builder(op);
      Value folded = builder.create<lb::WeightOp>(
          op->getLoc(), type, StringAttr(), codesAttr(*weight, type), scalesAttr(*weight, type));
      end.replaceAllUsesExcept(folded, {});
      replaced.push_back(op);
    }
    for (Operation *op : llvm::reverse(replaced))
      eraseChain(op);
  }

  // Erases `op` and the beginning of its chain as far as nothing reads it.
  void eraseChain(Operation *op) {
    while (op && op->use_empty() && isa<lb::WeightOp, lb::QuantizeOp, lb::PackOp>(op)) {
      Operation *before = op->getNumOperands() ? op->getOperand(0).getDefiningOp() : nullptr;
      op->erase();
      op = before;
    }
  }
};

} // namespace
