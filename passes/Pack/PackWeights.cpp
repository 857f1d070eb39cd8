#include "dialects/LM/LMOps.h"
#include "dialects/Lobit/LobitOps.h"
#include "dialects/Lobit/Weights/ExecutionLayout.h"
#include "passes/Pack/Passes.h"

namespace lobit {
#define GEN_PASS_DEF_LOBITPACKWEIGHTS
#include "passes/Pack/Passes.h.inc"
} // namespace lobit

using namespace mlir;
using namespace lobit;
using lb::WeightType;

namespace {

struct PackWeightsPass : lobit::impl::LobitPackWeightsBase<PackWeightsPass> {
  using LobitPackWeightsBase::LobitPackWeightsBase;

  void runOnOperation() override {
    std::optional<KernelForm> form = parseKernelForm(std::string_view(kernel));
    if (!form) {
      getOperation().emitError("expected kernel auto, tile, base3, dot or tl1, found '")
          << kernel << "'";
      return signalPassFailure();
    }
    llvm::DenseMap<Value, Value> packed;
    getOperation().walk([&](Operation *op) {
      if (!isa<lb::LinearOp, lm::EmbedOp, lm::HeadOp>(op))
        return;
      for (OpOperand &operand : op->getOpOperands()) {
        auto type = dyn_cast<WeightType>(operand.get().getType());
        if (type && !type.isPacked())
          operand.set(pack(operand.get(), type, *form, packed));
      }
    });
  }

  // One pack for each weight, after it, however many layers read it.
  Value pack(Value weight, WeightType type, KernelForm form, llvm::DenseMap<Value, Value> &packed) {
    Value &result = packed[weight];
    if (!result) {
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfterValue(weight);
      WeightType withLayout =
          type.withLayout(executionLayout(type.getScheme(), type.getGranularity(), form));
      result = builder.create<lb::PackOp>(weight.getLoc(), withLayout, weight);
    }
    return result;
  }
};

} // namespace
