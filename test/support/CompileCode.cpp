#include "test/support/CompileCode.h"

#include "dialects/UKernel/UKernelDialect.h"
#include "passes/Emit/Link.h"
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace lobit::test {

std::unique_ptr<MLIRContext> createContext() {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, memref::MemRefDialect,
                  scf::SCFDialect, vector::VectorDialect, uk::UKernelDialect>();
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

Result<std::string> compile(ModuleOp module, Isa isa, CodeForm form) {
  if (failed(verify(module)))
    return Status(StatusCode::INTERNAL, "the kernels are not valid IR");
  PassManager passes(module.getContext());
  ConvertUKernelToTargetPassOptions options;
  options.isa = findIsa(isa)->word;
  passes.addPass(createConvertUKernelToTargetPass(options));
  LobitConvertToLLVMPassOptions toLLVM;
  toLLVM.indexBits = findIsa(isa)->arch == Arch::Wasm32 ? 32 : 64;
  passes.addPass(createLobitConvertToLLVMPass(toLLVM));
  if (failed(passes.run(module)))
    return Status(StatusCode::INTERNAL, "lowering failed");
  return emitCode(module, isa, form);
}

Result<std::string> compileSharedObject(ModuleOp module, Isa isa) {
  Result<std::string> object = compile(module, isa, CodeForm::Object);
  if (!object.ok())
    return object;
  return linkSharedObject(*object);
}

} // namespace lobit::test
