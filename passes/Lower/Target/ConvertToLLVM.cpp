// One conversion instead of a chain of stock passes: those do not agree on the width of
// index and would leave casts behind.
#include "passes/Lower/ModuleFacts.h"
#include "passes/Lower/Passes.h"

#include "runtime/format/CodeAbi.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace lobit {

#define GEN_PASS_DEF_LOBITCONVERTTOLLVMPASS
#include "passes/Lower/Passes.h.inc"

namespace {

/// vector and memref ops that have no direct form in the LLVM dialect.
LogicalResult expandOps(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  vector::VectorTransformsOptions options;
  vector::populateVectorBitCastLoweringPatterns(patterns);
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  vector::populateVectorContractLoweringPatterns(patterns, options);
  vector::populateVectorMaskOpLoweringPatterns(patterns);
  vector::populateVectorShapeCastLoweringPatterns(patterns);
  vector::populateVectorInterleaveLoweringPatterns(patterns);
  vector::populateVectorTransposeLoweringPatterns(patterns, options);
  vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
  vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
  memref::populateExpandOpsPatterns(patterns);
  memref::populateExpandStridedMetadataPatterns(patterns);
  return applyPatternsAndFoldGreedily(module, std::move(patterns));
}

class ConvertToLLVM : public impl::LobitConvertToLLVMPassBase<ConvertToLLVM> {
public:
  using LobitConvertToLLVMPassBase::LobitConvertToLLVMPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (indexBits != 32 && indexBits != 64) {
      module.emitError() << "expected index-bits of 32 or 64, found " << unsigned(indexBits);
      return signalPassFailure();
    }
    if (failed(expandOps(module)) || failed(convert(module)))
      return signalPassFailure();
    OpPassManager casts(ModuleOp::getOperationName());
    casts.addPass(createReconcileUnrealizedCastsPass());
    if (failed(runPipeline(casts, module)) || failed(buildCodeTable(module)))
      signalPassFailure();
  }

private:
  LogicalResult convert(ModuleOp module) {
    MLIRContext *context = module.getContext();
    LowerToLLVMOptions options(context);
    options.useBarePtrCallConv = true;
    options.overrideIndexBitwidth(indexBits);
    LLVMTypeConverter types(context, options);
    RewritePatternSet patterns(context);
    populateSCFToControlFlowConversionPatterns(patterns);
    arith::populateArithExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    populateVectorToLLVMMatrixConversionPatterns(types, patterns);
    populateVectorToLLVMConversionPatterns(types, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    index::populateIndexToLLVMConversionPatterns(types, patterns);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
    return applyFullConversion(module, target, std::move(patterns));
  }

  /// Turns lobit.functions into the LobitCodeTable and its query function.
  LogicalResult buildCodeTable(ModuleOp module) {
    auto names = module->getAttrOfType<ArrayAttr>(codeTableAttr);
    if (!names)
      return success();
    SmallVector<LLVM::LLVMFuncOp> functions;
    for (Attribute name : names) {
      auto symbol = dyn_cast<FlatSymbolRefAttr>(name);
      auto function = symbol ? module.lookupSymbol<LLVM::LLVMFuncOp>(symbol.getValue()) : nullptr;
      if (!function)
        return module.emitError() << codeTableAttr << " lists " << name
                                  << ", but the module has no such function";
      functions.push_back(function);
    }
    module->removeAttr(codeTableAttr);
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal())
        return function.emitError() << "generated code cannot call functions outside it";
      function.setLinkage(LLVM::Linkage::Internal);
      function.setDsoLocal(true);
    }

    ImplicitLocOpBuilder b(module.getLoc(), module.getContext());
    b.setInsertionPointToEnd(module.getBody());
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    auto array = LLVM::LLVMArrayType::get(pointer, functions.size());
    auto list = constant(b, "lobit_code_functions", array, [&](Value value) {
      for (auto [i, function] : llvm::enumerate(functions))
        value = insert(b, value, b.create<LLVM::AddressOfOp>(function), i);
      return value;
    });
    auto structType =
        LLVM::LLVMStructType::getLiteral(b.getContext(), {b.getI32Type(), b.getI32Type(), pointer});
    auto table = constant(b, "lobit_code_table", structType, [&](Value value) {
      value = insert(b, value, number(b, LOBIT_CODE_ABI), offsetof(LobitCodeTable, abi) / 4);
      value = insert(b, value, number(b, functions.size()),
                     offsetof(LobitCodeTable, functionCount) / 4);
      return insert(b, value, b.create<LLVM::AddressOfOp>(list), 2);
    });

    auto query = b.create<LLVM::LLVMFuncOp>(LOBIT_CODE_SYMBOL,
                                            LLVM::LLVMFunctionType::get(pointer, {b.getI32Type()}));
    b.setInsertionPointToStart(query.addEntryBlock(b));
    Value address = b.create<LLVM::AddressOfOp>(table);
    Value null = b.create<LLVM::ZeroOp>(pointer);
    Value spoken = b.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::eq, query.getArgument(0),
                                          number(b, LOBIT_CODE_ABI));
    Value result = b.create<LLVM::SelectOp>(spoken, address, null);
    b.create<LLVM::ReturnOp>(result);
    return success();
  }

  static Value number(ImplicitLocOpBuilder &b, int64_t value) {
    return b.create<LLVM::ConstantOp>(b.getI32Type(), b.getI32IntegerAttr(value));
  }
  static Value insert(ImplicitLocOpBuilder &b, Value into, Value value, int64_t at) {
    return b.create<LLVM::InsertValueOp>(into, value, at);
  }
  static LLVM::GlobalOp constant(ImplicitLocOpBuilder &b, StringRef name, Type type,
                                 llvm::function_ref<Value(Value)> initializer) {
    auto global = b.create<LLVM::GlobalOp>(type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                                           Attribute());
    global.setDsoLocal(true);
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&global.getInitializerRegion());
    Value value = initializer(b.create<LLVM::UndefOp>(type));
    b.create<LLVM::ReturnOp>(value);
    return global;
  }
};

} // namespace
} // namespace lobit
