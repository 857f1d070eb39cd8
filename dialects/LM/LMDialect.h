/// \file
/// The lm dialect: the cache type and the enums.
#ifndef LOBIT_DIALECTS_LM_LMDIALECT_H
#define LOBIT_DIALECTS_LM_LMDIALECT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"

#include "dialects/LM/LMDialect.h.inc"
#include "dialects/LM/LMEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/LM/LMTypes.h.inc"

#endif // LOBIT_DIALECTS_LM_LMDIALECT_H
