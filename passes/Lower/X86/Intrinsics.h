/// \file
/// The LLVM intrinsics of generated x86 code, by what they do and what an ISA needs for them.
#ifndef LOBIT_PASSES_LOWER_X86_INTRINSICS_H
#define LOBIT_PASSES_LOWER_X86_INTRINSICS_H

#include "runtime/format/Tables.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace lobit {

/// See Intrinsics.inc.
enum class X86Idiom {
  PairsU8S8,
  PairsI16,
  QuadsU8S8,
  Lookup,
  Permute,
  Lookup64,
  TileConfigure,
  TileLoad,
  TileStore,
  TileDot,
  TileRelease
};

struct X86Intrinsic {
  X86Idiom idiom;
  int64_t bytes;
  uint64_t features;
  const char *name;
};

bool hasX86Features(const IsaInfo &isa, uint64_t features);

/// The intrinsic for vectors (tiles) of `bytes`, or null when the ISA has none.
const X86Intrinsic *findX86Intrinsic(X86Idiom idiom, int64_t bytes, const IsaInfo &isa);

mlir::LLVM::CallIntrinsicOp callX86(mlir::ImplicitLocOpBuilder &b, const X86Intrinsic &row,
                                    mlir::TypeRange types, mlir::ValueRange operands);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_X86_INTRINSICS_H
