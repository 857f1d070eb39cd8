#include "dialects/Interpreter/Evaluation.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cstring>

using namespace mlir;

namespace lobit {

static float widen(const llvm::APFloat &value) {
  llvm::APFloat wide = value;
  bool exact;
  wide.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &exact);
  return wide.convertToFloat();
}

static Status unsupported(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << "the interpreter knows f32, f16, bf16, index and integers up "
                                    "to 64 bits, found "
                                 << type;
  return {StatusCode::UNSUPPORTED, text};
}

static bool isSupported(Type element) {
  return element.isF32() || element.isF16() || element.isBF16() || element.isIndex() ||
         (element.isInteger() && element.getIntOrFloatBitWidth() <= 64);
}

static TensorValue tensorOfDense(DenseElementsAttr dense) {
  TensorValue value;
  value.shape = dense.getType().getShape();
  Type element = dense.getElementType();
  if (element.isF32())
    value.floats.assign(dense.value_begin<float>(), dense.value_end<float>());
  else if (isa<FloatType>(element))
    for (const llvm::APFloat &number : dense.getValues<llvm::APFloat>())
      value.floats.push_back(widen(number));
  else
    for (const llvm::APInt &number : dense.getValues<llvm::APInt>())
      value.integers.push_back(number.getSExtValue());
  return value;
}

/// Little-endian elements of 1, 2, 4 or 8 bytes.
template <typename T> static std::vector<int64_t> integersOf(ArrayRef<char> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return std::vector<int64_t>(values.begin(), values.end());
}

static Result<TensorValue> tensorOfResource(DenseResourceElementsAttr resource) {
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  Type element = resource.getType().getElementType();
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  if (!element.isF32() && (isa<FloatType>(element) || width % 8 != 0))
    return unsupported(element);
  TensorValue value;
  value.shape = resource.getType().getShape();
  uint64_t expected = uint64_t(value.size()) * width / 8;
  uint64_t found = blob ? blob->getData().size() : 0;
  if (found != expected)
    return Status(StatusCode::MISMATCH, "resource " + resource.getRawHandle().getKey().str() +
                                            ": expected " + std::to_string(expected) +
                                            " bytes, found " + std::to_string(found));
  ArrayRef<char> bytes = blob->getData();
  if (element.isF32()) {
    value.floats.resize(value.size());
    std::memcpy(value.floats.data(), bytes.data(), expected);
  } else {
    value.integers = width == 8    ? integersOf<int8_t>(bytes)
                     : width == 16 ? integersOf<int16_t>(bytes)
                     : width == 32 ? integersOf<int32_t>(bytes)
                                   : integersOf<int64_t>(bytes);
  }
  return value;
}

Result<TensorValue> tensorOfAttribute(Attribute attribute) {
  if (auto elements = dyn_cast<ElementsAttr>(attribute)) {
    if (!isSupported(elements.getElementType()))
      return unsupported(elements.getElementType());
    if (auto dense = dyn_cast<DenseElementsAttr>(attribute))
      return tensorOfDense(dense);
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
      return tensorOfResource(resource);
  }
  if (auto number = dyn_cast<FloatAttr>(attribute); number && isSupported(number.getType()))
    return TensorValue::ofFloats({}, {widen(number.getValue())});
  if (auto number = dyn_cast<IntegerAttr>(attribute); number && isSupported(number.getType()))
    return TensorValue::ofIntegers({}, {number.getValue().getSExtValue()});
  return unsupported(cast<TypedAttr>(attribute).getType());
}

TypedAttr attributeOfTensor(const TensorValue &value, Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  Type element = shaped ? shaped.getElementType() : type;
  std::vector<Attribute> numbers;
  if (auto floatType = dyn_cast<FloatType>(element))
    for (float number : value.floats) {
      llvm::APFloat narrow(number);
      bool inexact;
      narrow.convert(floatType.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &inexact);
      numbers.push_back(FloatAttr::get(floatType, narrow));
    }
  else
    for (int64_t number : value.integers)
      numbers.push_back(IntegerAttr::get(element, number));
  if (!shaped)
    return cast<TypedAttr>(numbers[0]);
  return DenseElementsAttr::get(shaped.clone(value.shape), numbers);
}

} // namespace lobit
