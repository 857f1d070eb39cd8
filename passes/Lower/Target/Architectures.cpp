#include "passes/Lower/Target/Architectures.h"
#include "passes/Lower/Arm/Arm.h"
#include "passes/Lower/Wasm/Wasm.h"
#include "passes/Lower/X86/X86.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace lobit {
namespace {

struct Architecture {
  Arch arch;
  void (*populate)(RewritePatternSet &, const IsaInfo &);
};

constexpr Architecture architectures[] = {
    {Arch::X86_64, populateX86Patterns},
    {Arch::AArch64, populateArmPatterns},
    {Arch::Wasm32, populateWasmPatterns},
};

struct Intrinsic {
  Arch arch;
  uint64_t features;
  StringLiteral name;
};

constexpr Intrinsic intrinsics[] = {
#define LOBIT_X86_INTRINSIC(idiom, bytes, features, name) {Arch::X86_64, features, name},
#include "passes/Lower/X86/Intrinsics.inc"
#define LOBIT_ARM_INTRINSIC(idiom, features, name) {Arch::AArch64, features, name},
#include "passes/Lower/Arm/Intrinsics.inc"
#define LOBIT_WASM_INTRINSIC(idiom, features, name) {Arch::Wasm32, features, name},
#include "passes/Lower/Wasm/Intrinsics.inc"
};

LogicalResult verify(LLVM::CallIntrinsicOp op, const IsaInfo &isa) {
  bool isKnown = false;
  for (const Intrinsic &row : intrinsics) {
    if (op.getIntrin() != row.name)
      continue;
    if (row.arch == isa.arch && (row.features & ~isa.requiredCpuFeatures) == 0)
      return success();
    isKnown = true; // another feature may bring it
  }
  if (isKnown)
    return op.emitOpError() << "calls " << op.getIntrin() << ", which " << isa.word
                            << " does not have";
  return op.emitOpError() << "calls " << op.getIntrin()
                          << ", which is in no table of intrinsics (passes/Lower)";
}

} // namespace

void populateArchitecturePatterns(RewritePatternSet &patterns, const IsaInfo &isa) {
  for (const Architecture &architecture : architectures)
    if (architecture.arch == isa.arch)
      architecture.populate(patterns, isa);
}

LogicalResult verifyIntrinsics(Operation *root, const IsaInfo &isa) {
  WalkResult result = root->walk([&](LLVM::CallIntrinsicOp op) {
    return failed(verify(op, isa)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

} // namespace lobit
