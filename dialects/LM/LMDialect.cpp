#include "dialects/LM/LMDialect.h"

#include "dialects/LM/LMOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/LM/LMDialect.cpp.inc"
#include "dialects/LM/LMEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/LM/LMTypes.cpp.inc"

namespace lobit::lm {

void LMDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/LM/LMTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/LM/LMOps.cpp.inc"
      >();
}

//===--- cache type ---------------------------------------------------------===//

// The dialect parses and prints its type itself, so that ops print `!lm.cache` in full.
Type LMDialect::parseType(DialectAsmParser &parser) const {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> dims;
  if (parser.parseKeyword("cache") || parser.parseLess() ||
      parser.parseDimensionList(dims, /*allowDynamic=*/false, /*withTrailingX=*/false) ||
      parser.parseGreater())
    return {};
  if (dims.size() != 3) {
    parser.emitError(loc) << "expected kvHeads x maxContext x headDim, found " << dims.size()
                          << " dimensions";
    return {};
  }
  return parser.getChecked<CacheType>(loc, parser.getContext(), dims[0], dims[1], dims[2]);
}

void LMDialect::printType(Type type, DialectAsmPrinter &printer) const {
  auto cache = cast<CacheType>(type);
  printer << "cache<" << cache.getKvHeads() << 'x' << cache.getMaxContext() << 'x'
          << cache.getHeadDim() << '>';
}

LogicalResult CacheType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t kvHeads,
                                int64_t maxContext, int64_t headDim) {
  if (kvHeads <= 0 || maxContext <= 0 || headDim <= 0)
    return emitError() << "expected positive dimensions, found " << kvHeads << "x" << maxContext
                       << "x" << headDim;
  return success();
}

} // namespace lobit::lm
