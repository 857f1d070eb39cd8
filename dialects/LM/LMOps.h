/// \file
/// The ops of the lm dialect.
#ifndef LOBIT_DIALECTS_LM_LMOPS_H
#define LOBIT_DIALECTS_LM_LMOPS_H

#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace lobit::lm {

/// The key-value caches: what lm.attention reads and writes.
struct CacheResource : public mlir::SideEffects::Resource::Base<CacheResource> {
  llvm::StringRef getName() final { return "lm.cache"; }
};

} // namespace lobit::lm

#define GET_OP_CLASSES
#include "dialects/LM/LMOps.h.inc"

#endif // LOBIT_DIALECTS_LM_LMOPS_H
