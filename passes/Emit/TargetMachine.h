/// \file
/// The code generator for one target.
#ifndef LOBIT_PASSES_EMIT_TARGETMACHINE_H
#define LOBIT_PASSES_EMIT_TARGETMACHINE_H

#include "runtime/format/Tables.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
}

namespace lobit {

/// Null and `error` when LLVM does not know the target.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(const IsaInfo &isa, std::string &error);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_TARGETMACHINE_H
