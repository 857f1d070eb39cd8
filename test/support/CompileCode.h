/// \file
/// From a module of microkernels to a shared object, as the compiler does it.
#ifndef LOBIT_TEST_SUPPORT_COMPILECODE_H
#define LOBIT_TEST_SUPPORT_COMPILECODE_H

#include "passes/Emit/ObjectCode.h"

namespace lobit::test {

/// A context with all dialects of microkernels.
std::unique_ptr<mlir::MLIRContext> createContext();

/// convert-ukernel-to-target, lobit-convert-to-llvm and code generation. Consumes the
/// contents of `module`.
Result<std::string> compile(mlir::ModuleOp module, Isa isa, CodeForm form);
/// The same, linked.
Result<std::string> compileSharedObject(mlir::ModuleOp module, Isa isa);

} // namespace lobit::test

#endif // LOBIT_TEST_SUPPORT_COMPILECODE_H
