/// \file
/// From a module in the LLVM dialect to machine code.
#ifndef LOBIT_PASSES_EMIT_OBJECTCODE_H
#define LOBIT_PASSES_EMIT_OBJECTCODE_H

#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include "mlir/IR/BuiltinOps.h"

namespace lobit {

enum class CodeForm { Llvm, Assembly, Object };

/// Optimized code of `module` (all in the LLVM dialect) for `isa`: LLVM IR text, assembly
/// text, or a relocatable ELF object. Freestanding: nothing is invented that needs a
/// library, no floating-point contraction.
Result<std::string> emitCode(mlir::ModuleOp module, Isa isa, CodeForm form);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_OBJECTCODE_H
