#include "dialects/Lobit/LobitOps.h"

#include "mlir/IR/Builders.h"
#include "runtime/format/Pair24.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/Lobit/LobitOps.cpp.inc"

namespace lobit::lb {

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(
      shape, stream,
      [&](int64_t dim) {
        if (ShapedType::isDynamic(dim))
          stream << '?';
        else
          stream << dim;
      },
      "x");
  return text;
}

//===--- weight -------------------------------------------------------------===//

static LogicalResult verifyInlineCodes(WeightOp op, WeightType type, ElementsAttr codes) {
  auto codesType = cast<ShapedType>(codes.getType());
  Type element = type.isFloat() ? cast<TypeAttr>(type.getSchemeAttr()).getValue()
                                : IntegerType::get(op.getContext(), 8);
  if (codesType.getElementType() != element)
    return op.emitOpError() << "expected codes of element type " << element << ", found "
                            << codesType.getElementType();
  SmallVector<int64_t> shape(type.getShape());
  if (type.getLayout())
    shape.assign(1, type.getDataBytes());
  if (codesType.getShape() != ArrayRef(shape))
    return op.emitOpError() << "expected codes of shape " << shapeText(shape) << ", found "
                            << shapeText(codesType.getShape());
  auto values = dyn_cast<DenseElementsAttr>(codes);
  if (type.isFloat() || type.getLayout() || !values)
    return success();
  if (type.getScheme() == Scheme::Int6) {
    SmallVector<int8_t> all(values.getValues<int8_t>());
    Status status =
        checkPair24Codes(all.data(), uint64_t(type.getRows()), uint64_t(type.getColumns()));
    return status.ok() ? success() : op.emitOpError() << status.message();
  }
  const SchemeInfo &scheme = *findScheme(type.getScheme());
  int64_t index = 0;
  for (int8_t code : values.getValues<int8_t>()) {
    if (code < scheme.smallestCode || code > scheme.largestCode)
      return op.emitOpError() << "expected codes from " << int(scheme.smallestCode) << " to "
                              << int(scheme.largestCode) << ", found " << int(code) << " at row "
                              << index / type.getColumns() << ", column "
                              << index % type.getColumns();
    ++index;
  }
  return success();
}

static LogicalResult verifyInlineScales(WeightOp op, WeightType type, ElementsAttr scales) {
  auto scalesType = cast<ShapedType>(scales.getType());
  MLIRContext *context = op.getContext();
  Type element = type.getScaleType() == ScaleType::F16 ? Type(Float16Type::get(context))
                                                       : Type(Float32Type::get(context));
  if (scalesType.getElementType() != element)
    return op.emitOpError() << "expected scales of element type " << element << ", found "
                            << scalesType.getElementType();
  if (scalesType.getShape() != ArrayRef(type.getScaleCount()))
    return op.emitOpError() << "expected scales of shape " << type.getScaleCount() << ", found "
                            << shapeText(scalesType.getShape());
  return success();
}

LogicalResult WeightOp::verify() {
  WeightType type = getType();
  if (getName().has_value() == getCodes().has_value())
    return emitOpError() << "expected either a name or codes, found "
                         << (getName() ? "both" : "neither");
  if (getName()) {
    if (getName()->empty())
      return emitOpError() << "expected the name of a tensor, found an empty string";
    if (getScales())
      return emitOpError() << "expected no scales beside a name, found scales";
    if (type.getLayout())
      return emitOpError() << "expected no layout beside a name, found "
                           << findLayout(*type.getLayout())->word;
    return success();
  }
  bool needsScales = !type.isFloat();
  if (needsScales != getScales().has_value())
    return emitOpError() << (needsScales ? "expected scales for codes of scheme "
                                         : "expected no scales for kept values of scheme ")
                         << schemeWord(type.getScheme()) << ", found "
                         << (needsScales ? "none" : "scales");
  if (failed(verifyInlineCodes(*this, type, *getCodes())))
    return failure();
  return needsScales ? verifyInlineScales(*this, type, *getScales()) : success();
}

//===--- quantize and pack --------------------------------------------------===//

static LogicalResult verifySameShape(Operation *op, WeightType input, WeightType result) {
  if (input.getShape() != result.getShape())
    return op->emitOpError() << "expected a result of shape " << shapeText(input.getShape())
                             << ", found " << shapeText(result.getShape());
  return success();
}

LogicalResult QuantizeOp::verify() {
  static constexpr StringRef ternaryMethods[] = {
#define LOBIT_TERNARY_METHOD(EnumName, word, granularity, keepsNative, text) word,
#include "dialects/Lobit/Weights/TernaryMethods.inc"
  };
  static constexpr StringRef int8Methods[] = {"absmax"}, int4Methods[] = {"search"};
  WeightType input = getInput().getType(), result = getType();
  if (!input.isFloat())
    return emitOpError() << "expected kept values as input, found scheme "
                         << schemeWord(input.getScheme());
  if (result.isFloat() || result.getLayout())
    return emitOpError() << "expected codes without layout as result, found " << result;
  if (failed(verifySameShape(*this, input, result)))
    return failure();
  // Methods that need the layer's inputs are no function of the weight alone.
  SmallVector<StringRef> int6Methods;
#define LOBIT_INT6_METHOD(EnumName, word, needsInputs, text)                                       \
  if (!(needsInputs))                                                                              \
    int6Methods.push_back(word);
#include "dialects/Lobit/Weights/Int6Methods.inc"
  ArrayRef<StringRef> methods =
      result.getScheme() == Scheme::Ternary ? ArrayRef<StringRef>(ternaryMethods)
      : result.getScheme() == Scheme::Int6  ? ArrayRef<StringRef>(int6Methods)
      : result.getScheme() == Scheme::Int4  ? ArrayRef<StringRef>(int4Methods)
                                            : ArrayRef<StringRef>(int8Methods);
  if (!llvm::is_contained(methods, getMethod()))
    return emitOpError() << "expected a method for scheme " << schemeWord(result.getScheme())
                         << " (" << llvm::join(methods, ", ") << "), found " << getMethod();
  return success();
}

LogicalResult PackOp::verify() {
  WeightType input = getInput().getType(), result = getType();
  if (input.isPacked())
    return emitOpError() << "expected codes without layout as input, found " << input;
  if (!result.getLayout())
    return emitOpError() << "expected a result with layout, found " << result;
  if (input.withLayout(result.getLayout()) != result)
    return emitOpError() << "expected the result " << input.withLayout(result.getLayout())
                         << ", found " << result;
  return success();
}

//===--- linear -------------------------------------------------------------===//

LogicalResult LinearOp::verify() {
  WeightType weight = getWeight().getType();
  auto input = cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (weight.getShape().size() != 2)
    return emitOpError() << "expected a weight matrix, found " << weight;
  if (input.getDimSize(1) != weight.getColumns())
    return emitOpError() << "expected an input with " << weight.getColumns() << " columns, found "
                         << shapeText(input.getShape());
  if (result.getShape() != ArrayRef({input.getDimSize(0), weight.getRows()}))
    return emitOpError() << "expected a result of shape "
                         << shapeText({input.getDimSize(0), weight.getRows()}) << ", found "
                         << shapeText(result.getShape());
  if (!getBias())
    return success();
  auto bias = cast<WeightType>(getBias().getType());
  if (!bias.isFloat() || bias.getShape() != ArrayRef(weight.getRows()))
    return emitOpError() << "expected a bias of " << weight.getRows() << " kept values, found "
                         << bias;
  return success();
}

} // namespace lobit::lb
