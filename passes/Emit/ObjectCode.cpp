#include "passes/Emit/ObjectCode.h"
#include "passes/Emit/TargetMachine.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

namespace lobit {
namespace {

Status internalError(const IsaInfo &isa, const std::string &what) {
  return Status(StatusCode::INTERNAL, std::string("emit for ") + isa.word + ": " + what);
}

/// The CPU whose pipeline decides the order of instructions. The generic one of AArch64 is
/// an in-order core: everything is loaded early, and the registers do not suffice.
const char *tuneCpu(Arch arch) { return arch == Arch::AArch64 ? "neoverse-n1" : nullptr; }

void optimize(llvm::Module &module, llvm::TargetMachine &machine,
              const llvm::TargetLibraryInfoImpl &library) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  // wasm engines spill in long runs of vector code.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = !machine.getTargetTriple().isWasm();
  llvm::PassBuilder builder(&machine, tuning);
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

} // namespace

Result<std::string> emitCode(mlir::ModuleOp module, Isa isa, CodeForm form) {
  const IsaInfo &info = *findIsa(isa);
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = mlir::translateModuleToLLVMIR(module, context, "lobit");
  if (!code)
    return internalError(info, "the module does not translate to LLVM IR");

  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(info, error);
  if (!machine)
    return internalError(info, error);
  code->setTargetTriple(info.triple);
  code->setDataLayout(machine->createDataLayout());
  if (info.arch != Arch::Wasm32)
    code->setPICLevel(llvm::PICLevel::BigPIC);
  for (llvm::Function &function : *code) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", info.cpu);
    if (const char *tune = tuneCpu(info.arch))
      function.addFnAttr("tune-cpu", tune);
    function.addFnAttr("target-features", info.llvmFeatures);
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  if (llvm::verifyModule(*code))
    return internalError(info, "the LLVM IR is not valid");

  // Without a library LLVM recognises no memset or memcpy in a loop.
  llvm::TargetLibraryInfoImpl library(machine->getTargetTriple());
  library.disableAllFunctions();
  optimize(*code, *machine, library);

  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream out(bytes);
  if (form == CodeForm::Llvm) {
    code->print(out, nullptr);
    return std::string(bytes.str());
  }
  llvm::legacy::PassManager passes;
  passes.add(new llvm::TargetLibraryInfoWrapperPass(library));
  auto fileType = form == CodeForm::Object ? llvm::CodeGenFileType::ObjectFile
                                           : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(passes, out, nullptr, fileType))
    return internalError(info, "the target cannot write this kind of file");
  passes.run(*code);
  return std::string(bytes.str());
}

} // namespace lobit
