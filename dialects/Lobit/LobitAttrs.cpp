#include "dialects/Lobit/LobitDialect.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

namespace lobit::lb {

static ParseResult parseScaleType(AsmParser &parser, ScaleType &type) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  if (word != "f32" && word != "f16")
    return parser.emitError(loc) << "expected scale type f32 or f16, found " << word;
  type = word == "f16" ? ScaleType::F16 : ScaleType::F32;
  return success();
}

static LogicalResult verifyScaleType(function_ref<InFlightDiagnostic()> emitError, ScaleType type) {
  if (type != ScaleType::F32 && type != ScaleType::F16)
    return emitError() << "expected scale type f32 or f16, found id " << uint32_t(type);
  return success();
}

Attribute TernaryAttr::parse(AsmParser &parser, Type) {
  StringRef word;
  if (parser.parseLess())
    return {};
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return {};
  Granularity granularity;
  int64_t groupSize = 0;
  if (word == "tensor") {
    granularity = Granularity::Tensor;
  } else if (word == "row") {
    granularity = Granularity::Row;
  } else if (word == "group") {
    granularity = Granularity::Group;
    if (parser.parseEqual() || parser.parseInteger(groupSize))
      return {};
  } else {
    parser.emitError(loc) << "expected granularity tensor, row or group, found " << word;
    return {};
  }
  ScaleType scaleType;
  if (parser.parseComma() || parseScaleType(parser, scaleType) || parser.parseGreater())
    return {};
  return parser.getChecked<TernaryAttr>(loc, parser.getContext(), granularity, groupSize,
                                        scaleType);
}

void TernaryAttr::print(AsmPrinter &printer) const {
  printer << '<';
  switch (getGranularity()) {
  case Granularity::Row:
    printer << "row";
    break;
  case Granularity::Group:
    printer << "group = " << getGroupSize();
    break;
  default:
    printer << "tensor";
  }
  printer << ", " << scaleTypeWord(getScaleType()) << '>';
}

LogicalResult TernaryAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  Granularity granularity, int64_t groupSize, ScaleType scaleType) {
  switch (granularity) {
  case Granularity::Tensor:
  case Granularity::Row:
    if (groupSize != 0)
      return emitError() << "expected group size 0 for tensor and row granularity, found "
                         << groupSize;
    break;
  case Granularity::Group:
    if (groupSize != 32 && groupSize != 64 && groupSize != 128 && groupSize != 256)
      return emitError() << "expected group size 32, 64, 128 or 256, found " << groupSize;
    break;
  case Granularity::None:
    return emitError() << "expected granularity tensor, row or group, found none";
  }
  return verifyScaleType(emitError, scaleType);
}

/// `<row, f32>`; null when it is not written so.
template <typename RowAttr> static Attribute parseRowAttr(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  ScaleType scaleType;
  if (parser.parseLess() || parser.parseKeyword("row") || parser.parseComma() ||
      parseScaleType(parser, scaleType) || parser.parseGreater())
    return {};
  return parser.getChecked<RowAttr>(loc, parser.getContext(), scaleType);
}

static void printRowAttr(AsmPrinter &printer, ScaleType scaleType) {
  printer << "<row, " << scaleTypeWord(scaleType) << '>';
}

Attribute Int8Attr::parse(AsmParser &parser, Type) { return parseRowAttr<Int8Attr>(parser); }
void Int8Attr::print(AsmPrinter &printer) const { printRowAttr(printer, getScaleType()); }
LogicalResult Int8Attr::verify(function_ref<InFlightDiagnostic()> emitError, ScaleType scaleType) {
  return verifyScaleType(emitError, scaleType);
}

Attribute Int4Attr::parse(AsmParser &parser, Type) { return parseRowAttr<Int4Attr>(parser); }
void Int4Attr::print(AsmPrinter &printer) const { printRowAttr(printer, getScaleType()); }
LogicalResult Int4Attr::verify(function_ref<InFlightDiagnostic()> emitError, ScaleType scaleType) {
  return verifyScaleType(emitError, scaleType);
}

Attribute Int6Attr::parse(AsmParser &parser, Type) { return parseRowAttr<Int6Attr>(parser); }
void Int6Attr::print(AsmPrinter &printer) const { printRowAttr(printer, getScaleType()); }
LogicalResult Int6Attr::verify(function_ref<InFlightDiagnostic()> emitError, ScaleType scaleType) {
  if (scaleType != ScaleType::F32)
    return emitError() << "expected scale type f32 for int6, found " << scaleTypeWord(scaleType);
  return success();
}

} // namespace lobit::lb
