#include "passes/Lower/Passes.h"
#include "passes/Lower/Target/Architectures.h"
#include "passes/Lower/Target/Target.h"

#include "dialects/UKernel/UKernelDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {

#define GEN_PASS_DEF_CONVERTUKERNELTOTARGETPASS
#include "passes/Lower/Passes.h.inc"

namespace {

class ConvertUKernelToTarget : public impl::ConvertUKernelToTargetPassBase<ConvertUKernelToTarget> {
public:
  using ConvertUKernelToTargetPassBase::ConvertUKernelToTargetPassBase;

  void runOnOperation() override {
    const IsaInfo *info = findIsa(std::string_view(isa));
    if (!info) {
      getOperation().emitError() << "unknown ISA '" << isa << "'; known are " << isaWords();
      return signalPassFailure();
    }
    MLIRContext *context = &getContext();
    LowerToLLVMOptions options(context);
    options.overrideIndexBitwidth(info->arch == Arch::Wasm32 ? 32 : 64);
    LLVMTypeConverter llvmTypes(context, options);
    TypeConverter types;
    types.addConversion([](Type type) { return type; });
    types.addConversion(
        [](uk::FrameType type) -> Type { return LLVM::LLVMPointerType::get(type.getContext()); });

    RewritePatternSet patterns(context);
    populateGenericPatterns(patterns);
    populateGenericBase3Patterns(patterns);
    populateGenericDotPatterns(patterns);
    populateGenericPairPatterns(patterns);
    populateGenericPanelPatterns(patterns);
    populateArchitecturePatterns(patterns, *info);
    populateFramePatterns(patterns, types, llvmTypes);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
    populateCallOpTypeConversionPattern(patterns, types);
    populateReturnOpTypeConversionPattern(patterns, types);

    ConversionTarget target(*context);
    target.addIllegalDialect<uk::UKernelDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return types.isSignatureLegal(op.getFunctionType()) && types.isLegal(&op.getBody());
    });
    target.addDynamicallyLegalOp<func::CallOp, func::ReturnOp>(
        [&](Operation *op) { return types.isLegal(op); });
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))) ||
        failed(verifyIntrinsics(getOperation(), *info)))
      signalPassFailure();
  }
};

} // namespace
} // namespace lobit
