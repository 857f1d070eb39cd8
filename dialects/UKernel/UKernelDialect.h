/// \file
/// The ukernel dialect: the frame type and the enums.
#ifndef LOBIT_DIALECTS_UKERNEL_UKERNELDIALECT_H
#define LOBIT_DIALECTS_UKERNEL_UKERNELDIALECT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"

#include "dialects/UKernel/UKernelDialect.h.inc"
#include "dialects/UKernel/UKernelEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/UKernel/UKernelTypes.h.inc"

#endif // LOBIT_DIALECTS_UKERNEL_UKERNELDIALECT_H
