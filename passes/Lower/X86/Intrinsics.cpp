#include "passes/Lower/X86/Intrinsics.h"

using namespace mlir;

namespace lobit {

static constexpr X86Intrinsic intrinsics[] = {
#define LOBIT_X86_INTRINSIC(idiom, bytes, features, name) {X86Idiom::idiom, bytes, features, name},
#include "passes/Lower/X86/Intrinsics.inc"
};

bool hasX86Features(const IsaInfo &isa, uint64_t features) {
  return (features & ~isa.requiredCpuFeatures) == 0;
}

const X86Intrinsic *findX86Intrinsic(X86Idiom idiom, int64_t bytes, const IsaInfo &isa) {
  for (const X86Intrinsic &row : intrinsics)
    if (row.idiom == idiom && row.bytes == bytes && hasX86Features(isa, row.features))
      return &row;
  return nullptr;
}

LLVM::CallIntrinsicOp callX86(ImplicitLocOpBuilder &b, const X86Intrinsic &row, TypeRange types,
                              ValueRange operands) {
  auto none = LLVM::FastmathFlagsAttr::get(b.getContext(), LLVM::FastmathFlags::none);
  return b.create<LLVM::CallIntrinsicOp>(types, b.getStringAttr(row.name), operands, none);
}

} // namespace lobit
