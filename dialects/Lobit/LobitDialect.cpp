#include "dialects/Lobit/LobitDialect.h"

#include "dialects/Lobit/LobitOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/Lobit/LobitDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Lobit/LobitAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Lobit/LobitTypes.cpp.inc"

namespace lobit::lb {

void LobitDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Lobit/LobitAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Lobit/LobitTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Lobit/LobitOps.cpp.inc"
      >();
}

} // namespace lobit::lb
