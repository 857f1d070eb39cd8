/// \file
/// The ops of the lobit dialect.
#ifndef LOBIT_DIALECTS_LOBIT_LOBITOPS_H
#define LOBIT_DIALECTS_LOBIT_LOBITOPS_H

#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/Lobit/LobitOps.h.inc"

#endif // LOBIT_DIALECTS_LOBIT_LOBITOPS_H
