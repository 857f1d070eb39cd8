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
      parser.parseDimensionList(dims, /*allowDynamic=*/false, /*withTrailingX=*/false))
    return {};
  Type element = Float32Type::get(parser.getContext());
  if ((succeeded(parser.parseOptionalComma()) && parser.parseType(element)) ||
      parser.parseGreater())
    return {};
  if (dims.size() != 3) {
    parser.emitError(loc) << "expected kvHeads x maxContext x headDim, found " << dims.size()
                          << " dimensions";
    return {};
  }
  return parser.getChecked<CacheType>(loc, parser.getContext(), dims[0], dims[1], dims[2], element);
}

void LMDialect::printType(Type type, DialectAsmPrinter &printer) const {
  auto cache = cast<CacheType>(type);
  printer << "cache<" << cache.getKvHeads() << 'x' << cache.getMaxContext() << 'x'
          << cache.getHeadDim();
  if (!cache.getElement().isF32())
    printer << ", " << cache.getElement();
  printer << '>';
}

LogicalResult CacheType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t kvHeads,
                                int64_t maxContext, int64_t headDim, Type element) {
  if (kvHeads <= 0 || maxContext <= 0 || headDim <= 0)
    return emitError() << "expected positive dimensions, found " << kvHeads << "x" << maxContext
                       << "x" << headDim;
  if (!element.isF32() && !element.isF16() && !element.isInteger(8))
    return emitError() << "expected f32, f16 or i8 elements, found " << element;
  return success();
}

} // namespace lobit::lm
