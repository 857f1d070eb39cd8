#include "dialects/Lobit/LobitDialect.h"
#include "mlir/IR/DialectImplementation.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"

using namespace mlir;

namespace lobit::lb {

/// Values of one tensor; keeps every size computed from it far from overflow.
static constexpr uint64_t maxElements = uint64_t(1) << 48;

bool isLayoutOf(Layout layout, Scheme scheme) {
  // An artifact may hold int8 codes without an order of their own; no kernel reads them.
  bool isUnpacked = layout == Layout::RowMajor && scheme == Scheme::Int8;
  return layoutHolds(layout, scheme) && !isUnpacked;
}

static std::optional<Scheme> schemeOf(Attribute attr) {
  if (llvm::isa<TernaryAttr>(attr))
    return Scheme::Ternary;
  if (llvm::isa<Int8Attr>(attr))
    return Scheme::Int8;
  if (llvm::isa<Int6Attr>(attr))
    return Scheme::Int6;
  if (llvm::isa<Int4Attr>(attr))
    return Scheme::Int4;
  if (auto type = llvm::dyn_cast<TypeAttr>(attr)) {
    if (type.getValue().isF32())
      return Scheme::F32;
    if (type.getValue().isF16())
      return Scheme::F16;
    if (type.getValue().isBF16())
      return Scheme::BF16;
  }
  return std::nullopt;
}

// The dialect parses and prints its type itself: the assembly of ops leaves the name of a
// type with a printer of its own out, and `!lobit.weight` reads better with it.
Type LobitDialect::parseType(DialectAsmParser &parser) const {
  if (parser.parseKeyword("weight") || parser.parseLess())
    return {};
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> shape;
  Attribute scheme;
  std::optional<Layout> layout;
  while (!scheme) {
    int64_t dim = 0;
    SMLoc dimLoc = parser.getCurrentLocation();
    if (*dimLoc.getPointer() == '0') { // 0x10 would be read as a hexadecimal number
      parser.emitError(dimLoc) << "expected positive dimensions, found 0";
      return {};
    }
    if (parser.parseInteger(dim))
      return {};
    shape.push_back(dim);
    if (succeeded(parser.parseOptionalComma())) {
      if (parser.parseAttribute(scheme))
        return {};
      break;
    }
    if (parser.parseXInDimensionList())
      return {};
    Type element;
    OptionalParseResult elementResult = parser.parseOptionalType(element);
    if (elementResult.has_value()) {
      if (failed(*elementResult))
        return {};
      scheme = TypeAttr::get(element);
    }
  }
  if (succeeded(parser.parseOptionalComma())) {
    StringRef word;
    SMLoc wordLoc = parser.getCurrentLocation();
    if (parser.parseKeyword(&word))
      return {};
    const LayoutInfo *info = findLayout(std::string_view(word));
    if (!info) {
      parser.emitError(wordLoc) << "expected a layout of runtime/format/Layouts.inc, found "
                                << word;
      return {};
    }
    layout = info->layout;
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<WeightType>(loc, parser.getContext(), ArrayRef<int64_t>(shape), scheme,
                                       layout);
}

void LobitDialect::printType(Type type, DialectAsmPrinter &printer) const {
  auto weight = cast<WeightType>(type);
  printer << "weight<";
  llvm::interleave(weight.getShape(), printer.getStream(), "x");
  if (weight.isFloat())
    printer << 'x' << cast<TypeAttr>(weight.getSchemeAttr()).getValue();
  else
    printer << ", " << weight.getSchemeAttr();
  if (weight.getLayout())
    printer << ", " << findLayout(*weight.getLayout())->word;
  printer << '>';
}

LogicalResult WeightType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> shape, Attribute schemeAttr,
                                 std::optional<Layout> layout) {
  if (shape.size() != 1 && shape.size() != 2)
    return emitError() << "expected a vector or a matrix, found rank " << shape.size();
  uint64_t elements = 1;
  for (int64_t dim : shape) {
    if (dim <= 0)
      return emitError() << "expected positive dimensions, found " << dim;
    if (!checkedMul(elements, uint64_t(dim), elements) || elements > maxElements)
      return emitError() << "expected at most 2^48 values, found dimensions " << shape;
  }
  std::optional<Scheme> scheme = schemeOf(schemeAttr);
  if (!scheme)
    return emitError() << "expected scheme f32, f16, bf16, #lobit.ternary, #lobit.int8, "
                          "#lobit.int6 or #lobit.int4, found "
                       << schemeAttr;
  bool isFloat = llvm::isa<TypeAttr>(schemeAttr);
  if (!isFloat && shape.size() != 2)
    return emitError() << "expected a matrix for scheme " << schemeWord(*scheme) << ", found rank "
                       << shape.size();
  if (layout && isFloat)
    return emitError() << "expected no layout for kept values, found " << findLayout(*layout)->word;
  if (layout && !isLayoutOf(*layout, *scheme))
    return emitError() << "expected a layout for scheme " << schemeWord(*scheme) << ", found "
                       << findLayout(*layout)->word;
  auto ternary = llvm::dyn_cast<TernaryAttr>(schemeAttr);
  if (layout == Layout::B3Tile && ternary && ternary.getGranularity() == Granularity::Group)
    return emitError() << "expected t2_tile, t2_dot or t2_tl1 for scales of groups, found b3_tile, "
                          "whose bytes cross groups";
  return success();
}

int64_t WeightType::getRows() const { return getShape().size() == 2 ? getShape()[0] : 1; }
int64_t WeightType::getColumns() const { return getShape().back(); }
Scheme WeightType::getScheme() const { return *schemeOf(getSchemeAttr()); }
bool WeightType::isFloat() const { return llvm::isa<TypeAttr>(getSchemeAttr()); }

Granularity WeightType::getGranularity() const {
  if (auto ternary = llvm::dyn_cast<TernaryAttr>(getSchemeAttr()))
    return ternary.getGranularity();
  return isFloat() ? Granularity::None : Granularity::Row;
}

int64_t WeightType::getGroupSize() const {
  if (getGranularity() == Granularity::Group)
    return llvm::cast<TernaryAttr>(getSchemeAttr()).getGroupSize();
  return getColumns();
}

ScaleType WeightType::getScaleType() const {
  if (auto ternary = llvm::dyn_cast<TernaryAttr>(getSchemeAttr()))
    return ternary.getScaleType();
  if (auto int8 = llvm::dyn_cast<Int8Attr>(getSchemeAttr()))
    return int8.getScaleType();
  if (auto int6 = llvm::dyn_cast<Int6Attr>(getSchemeAttr()))
    return int6.getScaleType();
  if (auto int4 = llvm::dyn_cast<Int4Attr>(getSchemeAttr()))
    return int4.getScaleType();
  return ScaleType::None;
}

int64_t WeightType::getGroupsPerRow() const { return ceilDiv(getColumns(), getGroupSize()); }

int64_t WeightType::getScaleCount() const {
  switch (getGranularity()) {
  case Granularity::None:
    return 0;
  case Granularity::Tensor:
    return 1;
  case Granularity::Row:
    return getRows();
  case Granularity::Group:
    return getRows() * getGroupsPerRow();
  }
  return 0;
}

int64_t WeightType::getScaleBytes() const {
  return getScaleCount() * (getScaleType() == ScaleType::F16 ? 2 : 4);
}

int64_t WeightType::getDataBytes() const {
  if (isFloat())
    return getElementCount() * getElementBits() / 8;
  if (!getLayout())
    return getElementCount();
  return *layoutBytes(*getLayout(), getRows(), getColumns(), 1); // at most 2^48 values: no overflow
}

int64_t WeightType::getElementBits() const {
  return llvm::cast<TypeAttr>(getSchemeAttr()).getValue().getIntOrFloatBitWidth();
}

WeightType WeightType::withLayout(std::optional<Layout> layout) const {
  return get(getContext(), getShape(), getSchemeAttr(), layout);
}

WeightType WeightType::withScheme(Attribute scheme) const {
  return get(getContext(), getShape(), scheme, std::nullopt);
}

} // namespace lobit::lb
