#include "passes/Emit/TargetMachine.h"

#include "llvm/MC/TargetRegistry.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

#include <mutex>

// One X-macro for the backends that are used, of the many in libLLVM.
#define LOBIT_BACKENDS(F) F(X86) F(AArch64) F(WebAssembly)
#define LOBIT_DECLARE(Backend)                                                                     \
  void LLVMInitialize##Backend##TargetInfo();                                                      \
  void LLVMInitialize##Backend##Target();                                                          \
  void LLVMInitialize##Backend##TargetMC();                                                        \
  void LLVMInitialize##Backend##AsmPrinter();                                                      \
  void LLVMInitialize##Backend##AsmParser();
extern "C" {
LOBIT_BACKENDS(LOBIT_DECLARE)
}
#undef LOBIT_DECLARE

namespace lobit {
namespace {

void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
#define LOBIT_INITIALIZE(Backend)                                                                  \
  LLVMInitialize##Backend##TargetInfo();                                                           \
  LLVMInitialize##Backend##Target();                                                               \
  LLVMInitialize##Backend##TargetMC();                                                             \
  LLVMInitialize##Backend##AsmPrinter();                                                           \
  LLVMInitialize##Backend##AsmParser();
    LOBIT_BACKENDS(LOBIT_INITIALIZE)
#undef LOBIT_INITIALIZE
  });
}

} // namespace

std::unique_ptr<llvm::TargetMachine> createTargetMachine(const IsaInfo &isa, std::string &error) {
  initializeTargets();
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(isa.triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  // A wasm module has fixed addresses.
  const llvm::Reloc::Model relocation =
      isa.arch == Arch::Wasm32 ? llvm::Reloc::Static : llvm::Reloc::PIC_;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(isa.triple, isa.cpu, isa.llvmFeatures, options, relocation,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::Aggressive));
}

} // namespace lobit
