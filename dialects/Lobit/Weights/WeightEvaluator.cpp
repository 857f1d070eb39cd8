#include "dialects/Lobit/Weights/WeightEvaluator.h"

#include "dialects/Lobit/LobitOps.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Int4.h"
#include "dialects/Lobit/Weights/Int6.h"
#include "dialects/Lobit/Weights/Int8.h"
#include "dialects/Lobit/Weights/LargeVector.h"
#include "dialects/Lobit/Weights/Parallel.h"
#include "dialects/Lobit/Weights/StoredCodes.h"
#include "dialects/Lobit/Weights/WeightChain.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "runtime/format/LayoutCodec.h"

using namespace mlir;
using namespace lobit;
using lb::WeightType;

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

static const char *elementTypeWord(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return "f32";
  case ElementType::F16:
    return "f16";
  case ElementType::BF16:
    return "bf16";
  case ElementType::Int8Codes:
    return "int8 codes";
  case ElementType::HfPackedTernary:
    break;
  }
  return "packed ternary codes";
}

static ElementType elementTypeOf(WeightType type) {
  switch (type.getScheme()) {
  case Scheme::F16:
    return ElementType::F16;
  case Scheme::BF16:
    return ElementType::BF16;
  case Scheme::Ternary:
  case Scheme::Int8:
  case Scheme::Int6:
  case Scheme::Int4:
    return ElementType::Int8Codes;
  case Scheme::F32:
    break;
  }
  return ElementType::F32;
}

// The little-endian values of an attribute whose values lie in memory.
static Result<std::shared_ptr<std::vector<uint8_t>>> bytesOf(ElementsAttr attr,
                                                             const std::string &name) {
  auto bytes = std::make_shared<std::vector<uint8_t>>();
  auto type = cast<ShapedType>(attr.getType());
  if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    ArrayRef<char> raw = dense.getRawData();
    int64_t copies = dense.isSplat() ? type.getNumElements() : 1;
    for (int64_t i = 0; i < copies; ++i)
      bytes->insert(bytes->end(), raw.begin(), raw.end());
    return bytes;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob)
    return Status(StatusCode::UNSUPPORTED,
                  "the values of " + name + " are neither dense nor a loaded dense_resource");
  uint64_t expected = uint64_t(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
  if (blob->getData().size() != expected)
    return Status(StatusCode::MISMATCH, "the resource of " + name + " has " +
                                            std::to_string(blob->getData().size()) +
                                            " bytes, expected " + std::to_string(expected));
  bytes->assign(blob->getData().begin(), blob->getData().end());
  return bytes;
}

static Result<TensorData> loadInline(lb::WeightOp weight) {
  auto codes = bytesOf(*weight.getCodes(), "inline codes");
  if (!codes.ok())
    return std::move(codes).status();
  TensorData data;
  data.type = elementTypeOf(weight.getType());
  data.shape.assign(weight.getType().getShape().begin(), weight.getType().getShape().end());
  data.bytes = (*codes)->data();
  data.size = (*codes)->size();
  data.keepAlive = *codes;
  if (!weight.getScales())
    return data;
  auto scales = bytesOf(*weight.getScales(), "inline scales");
  if (!scales.ok())
    return std::move(scales).status();
  const std::vector<uint8_t> &raw = **scales;
  bool half = weight.getType().getScaleType() == ScaleType::F16;
  for (size_t at = 0; at < raw.size(); at += half ? 2 : 4) {
    uint32_t bits = 0;
    std::memcpy(&bits, &raw[at], half ? 2 : 4);
    data.scales.push_back(half ? f16ToFloat(uint16_t(bits)) : bitsToFloat(bits));
  }
  return data;
}

std::string lobit::weightName(lb::WeightOp weight) {
  return weight.getName() ? weight.getName()->str() : std::string("inline");
}

// MISMATCH when the tensor is not of the op's shape and element type.
static Result<TensorData> checkedWeight(lb::WeightOp weight, Result<TensorData> data) {
  if (!data.ok())
    return data;
  std::string name = weightName(weight);
  WeightType type = weight.getType();
  if (ArrayRef<int64_t>(data->shape) != type.getShape())
    return Status(StatusCode::MISMATCH, "tensor '" + name + "' has shape " +
                                            shapeText(data->shape) + ", expected " +
                                            shapeText(type.getShape()));
  bool fits = type.isFloat() ? data->type == elementTypeOf(type)
                             : data->type == ElementType::Int8Codes ||
                                   data->type == ElementType::HfPackedTernary;
  if (!fits)
    return Status(StatusCode::MISMATCH, "tensor '" + name + "' holds " +
                                            elementTypeWord(data->type) + ", expected " +
                                            elementTypeWord(elementTypeOf(type)));
  return data;
}

Result<TensorData> lobit::loadWeight(lb::WeightOp weight, TensorSource *source) {
  if (!weight.getName())
    return loadInline(weight);
  if (!source)
    return Status(StatusCode::MISSING, "the weight '" + weightName(weight) +
                                           "' is in a model file, but no model file was given");
  return checkedWeight(weight, source->load(*weight.getName()));
}

Result<TensorData> lobit::peekWeight(lb::WeightOp weight, TensorSource *source) {
  return checkedWeight(weight, source->peek(*weight.getName()));
}

ScaleGrid lobit::scaleGridOf(WeightType type) {
  return {type.getRows(), type.getColumns(), type.getGranularity(), type.getGroupSize()};
}

Result<FloatTensor> lobit::floatTensorOf(lb::WeightOp weight, const TensorData &data,
                                         int64_t *replaced) {
  WeightType type = weight.getType();
  Result<FloatTensor> tensor =
      FloatTensor::create(weightName(weight), data, type.getRows(), type.getColumns());
  if (!tensor.ok())
    return tensor;
  NonFinitePolicy policy = NonFinitePolicy::Error;
  if (auto attr = weight->getAttrOfType<StringAttr>(lb::nonFiniteAttr))
    if (!parseNonFinitePolicy(std::string_view(attr.getValue()), policy))
      return Status(StatusCode::INVALID_ARGUMENT, std::string("expected ") + lb::nonFiniteAttr +
                                                      " error, zero or clamp, found '" +
                                                      attr.getValue().str() + "'");
  if (Status status = tensor->checkFinite(policy, replaced); !status.ok())
    return status;
  return tensor;
}

Result<CodedWeight> lobit::storedCodesOf(lb::WeightOp weight, const TensorData &data) {
  WeightType type = weight.getType();
  std::string name = weightName(weight);
  Result<CodedWeight> coded = readStoredCodes(name, data, scaleGridOf(type), type.getScheme());
  if (!coded.ok())
    return coded;
  for (float &scale : coded->scales) {
    Result<float> stored = storedScale(scale, type.getScaleType(), name);
    if (!stored.ok())
      return std::move(stored).status();
    scale = *stored;
  }
  return coded;
}

Result<CodedWeight> lobit::quantizeWeight(const FloatTensor &tensor, StringRef method,
                                          WeightType type, unsigned threads,
                                          const InputStatistics *inputs) {
  if (type.getScheme() == Scheme::Int8)
    return quantizeInt8(tensor, type.getScaleType(), threads);
  if (type.getScheme() == Scheme::Int4)
    return quantizeInt4(tensor, type.getScaleType(), threads);
  if (type.getScheme() == Scheme::Int6) {
    const Int6MethodInfo *info = findInt6Method(std::string_view(method));
    if (!info)
      return Status(StatusCode::INVALID_ARGUMENT, "unknown int6 method '" + method.str() + "'");
    return quantizeInt6(tensor, info->method, inputs, threads);
  }
  const TernaryMethodInfo *info = findTernaryMethod(std::string_view(method));
  if (!info)
    return Status(StatusCode::INVALID_ARGUMENT, "unknown ternary method '" + method.str() + "'");
  return quantizeTernary(tensor, info->method, scaleGridOf(type), type.getScaleType(), threads);
}

// The kept values: the stored bytes, or what the non-finite policy makes of them.
static Result<EvaluatedWeight> evaluateKept(lb::WeightOp weight, const TensorData &data) {
  int64_t replaced = 0;
  Result<FloatTensor> tensor = floatTensorOf(weight, data, &replaced);
  if (!tensor.ok())
    return std::move(tensor).status();
  EvaluatedWeight result;
  result.bytes.assign(data.bytes, data.bytes + data.size);
  if (replaced == 0)
    return result;
  std::vector<float> values(size_t(tensor->size()));
  tensor->widen(0, tensor->size(), values.data());
  if (data.type == ElementType::F32) {
    std::memcpy(result.bytes.data(), values.data(), result.bytes.size());
    return result;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits = data.type == ElementType::F16 ? floatToF16(values[i]) : floatToBf16(values[i]);
    std::memcpy(&result.bytes[2 * i], &bits, 2);
  }
  return result;
}

// Every layout puts whole row blocks one after the other, so row blocks can be
// packed independently of each other.
static Result<std::vector<uint8_t>> packCodes(Layout layout, const std::vector<int8_t> &codes,
                                              WeightType type, unsigned threads) {
  int64_t rows = type.getRows(), columns = type.getColumns();
  int64_t blockRows = findLayout(layout)->rowBlock;
  auto bytes = makeLargeVector<uint8_t>(size_t(type.withLayout(layout).getDataBytes()), threads);
  int64_t blocks = (rows + blockRows - 1) / blockRows;
  int64_t blockBytes = int64_t(bytes.size()) / blocks;
  // No part begins at the same block as another.
  std::vector<Status> failures(static_cast<size_t>(blocks));
  parallelFor(blocks, threads, [&](int64_t begin, int64_t end) {
    int64_t first = begin * blockRows;
    failures[size_t(begin)] = encodeLayout(layout, codes.data() + first * columns,
                                           uint64_t(std::min(end * blockRows, rows) - first),
                                           uint64_t(columns), bytes.data() + begin * blockBytes);
  });
  for (Status &failure : failures)
    if (!failure.ok())
      return std::move(failure);
  return bytes;
}

Result<EvaluatedWeight> lobit::packWeight(CodedWeight coded, WeightType type, unsigned threads) {
  Result<std::vector<uint8_t>> bytes = packCodes(*type.getLayout(), coded.codes, type, threads);
  if (!bytes.ok())
    return std::move(bytes).status();
  EvaluatedWeight result;
  result.bytes = std::move(*bytes);
  result.scales = std::move(coded.scales);
  return result;
}

Result<WeightChain> lobit::findWeightChain(Value value) {
  WeightChain chain;
  Operation *op = value.getDefiningOp();
  if ((chain.pack = dyn_cast_if_present<lb::PackOp>(op)))
    op = chain.pack.getInput().getDefiningOp();
  if ((chain.quantize = dyn_cast_if_present<lb::QuantizeOp>(op)))
    op = chain.quantize.getInput().getDefiningOp();
  if ((chain.weight = dyn_cast_if_present<lb::WeightOp>(op)))
    return chain;
  return Status(StatusCode::INVALID_ARGUMENT,
                "a weight is not made by lobit.weight, lobit.quantize and lobit.pack alone");
}

Result<EvaluatedWeight> lobit::evaluateWeight(Value value, TensorSource *source,
                                              const EvaluateOptions &options) {
  Result<WeightChain> chain = findWeightChain(value);
  if (!chain.ok())
    return std::move(chain).status();
  lb::WeightOp weight = chain->weight;
  Result<TensorData> data = loadWeight(weight, source);
  if (!data.ok())
    return std::move(data).status();
  if (value.getDefiningOp() == weight && weight.getType().isFloat())
    return evaluateKept(weight, *data);

  EvaluatedWeight result;
  if (std::optional<Layout> layout = weight.getType().getLayout()) { // inline bytes
    WeightType type = weight.getType();
    result.codes.resize(size_t(type.getElementCount()));
    if (Status status = decodeLayout(*layout, data->bytes, uint64_t(type.getRows()),
                                     uint64_t(type.getColumns()), result.codes.data());
        !status.ok())
      return status;
    result.codes.clear();
    result.bytes.assign(data->bytes, data->bytes + data->size);
    result.scales = data->scales;
    return result;
  }
  CodedWeight coded;
  if (chain->quantize) {
    Result<FloatTensor> tensor = floatTensorOf(weight, *data);
    if (!tensor.ok())
      return std::move(tensor).status();
    Result<CodedWeight> quantized = quantizeWeight(*tensor, chain->quantize.getMethod(),
                                                   chain->quantize.getType(), options.threads);
    if (!quantized.ok())
      return std::move(quantized).status();
    coded = std::move(*quantized);
  } else {
    Result<CodedWeight> stored = storedCodesOf(weight, *data);
    if (!stored.ok())
      return std::move(stored).status();
    coded = std::move(*stored);
  }
  if (chain->pack)
    return packWeight(std::move(coded), chain->pack.getType(), options.threads);
  result.scales = std::move(coded.scales);
  result.codes = std::move(coded.codes);
  return result;
}

std::vector<uint8_t> lobit::encodeScales(const std::vector<float> &scales, ScaleType type) {
  const size_t size = type == ScaleType::F16 ? 2 : 4;
  std::vector<uint8_t> bytes(scales.size() * size);
  for (size_t i = 0; i < scales.size(); ++i) {
    const uint32_t bits = type == ScaleType::F16 ? floatToF16(scales[i]) : floatBits(scales[i]);
    for (size_t j = 0; j < size; ++j)
      bytes[i * size + j] = uint8_t(bits >> 8 * j);
  }
  return bytes;
}
