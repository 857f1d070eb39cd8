/// \file
/// The lobit dialect: `!lobit.weight` and the attributes that describe how its values
/// are coded.
#ifndef LOBIT_DIALECTS_LOBIT_LOBITDIALECT_H
#define LOBIT_DIALECTS_LOBIT_LOBITDIALECT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "runtime/format/Tables.h"

#include "dialects/Lobit/LobitDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Lobit/LobitAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Lobit/LobitTypes.h.inc"

namespace lobit::lb {

/// Discardable attributes of the dialect.
/// On lobit.linear, lm.embed and lm.head: the layer's name in flags and reports.
inline constexpr const char *nameAttr = "lobit.name";
/// On the module: what kind of model it is and its dimensions.
inline constexpr const char *modelAttr = "lobit.model";
/// On a function: it is the one the artifact runs.
inline constexpr const char *entryAttr = "lobit.entry";
/// On lobit.weight with kept values: what becomes of NaN and infinities (error, the
/// default; zero; clamp).
inline constexpr const char *nonFiniteAttr = "lobit.nonfinite";

/// Whether codes of `scheme` can be packed in `layout`.
bool isLayoutOf(Layout layout, Scheme scheme);

} // namespace lobit::lb

#endif // LOBIT_DIALECTS_LOBIT_LOBITDIALECT_H
