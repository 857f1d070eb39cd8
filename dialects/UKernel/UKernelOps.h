/// \file
/// The ops of the ukernel dialect.
#ifndef LOBIT_DIALECTS_UKERNEL_UKERNELOPS_H
#define LOBIT_DIALECTS_UKERNEL_UKERNELOPS_H

#include "dialects/UKernel/UKernelDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/UKernel/UKernelOps.h.inc"

#endif // LOBIT_DIALECTS_UKERNEL_UKERNELOPS_H
