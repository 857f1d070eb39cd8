#include "dialects/Interpreter/Evaluation.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lobit {

static bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

/// `count` zeros of the element type of `result`.
static TensorValue zeros(Value result, std::vector<int64_t> shape) {
  TensorValue value;
  value.shape = std::move(shape);
  if (isFloat(result))
    value.floats.resize(value.size());
  else
    value.integers.resize(value.size());
  return value;
}

/// The static shape with each dynamic dimension taken from `sizes` in order.
static std::vector<int64_t> resolveShape(ArrayRef<int64_t> shape, ValueRange sizes,
                                         CallFrame &frame) {
  std::vector<int64_t> resolved;
  for (int64_t dim : shape) {
    resolved.push_back(ShapedType::isDynamic(dim) ? frame.integer(sizes.front()) : dim);
    if (ShapedType::isDynamic(dim))
      sizes = sizes.drop_front();
  }
  return resolved;
}

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") +
            (ShapedType::isDynamic(dim) ? std::string("?") : std::to_string(dim));
  return text;
}

// The content of tensor.empty is undefined; zeros make runs repeatable.
static Status evaluate(tensor::EmptyOp op, CallFrame &frame) {
  frame.set(op.getResult(), zeros(op.getResult(), resolveShape(op.getType().getShape(),
                                                               op.getDynamicSizes(), frame)));
  return {};
}

static Status evaluate(tensor::CastOp op, CallFrame &frame) {
  const TensorValue &source = frame.tensor(op.getSource());
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type)
    return {StatusCode::UNSUPPORTED, describe(op) + ": expected a ranked result"};
  bool matches = true;
  for (size_t i = 0; matches && i < source.shape.size(); ++i)
    matches = type.isDynamicDim(i) || type.getDimSize(i) == source.shape[i];
  if (!matches)
    return {StatusCode::INVALID_ARGUMENT, describe(op) + ": expected a value of the shape " +
                                              shapeText(type.getShape()) + ", found " +
                                              shapeText(source.shape)};
  frame.set(op.getResult(), frame.get(op.getSource()));
  return {};
}

static Status evaluate(tensor::DimOp op, CallFrame &frame) {
  const TensorValue &source = frame.tensor(op.getSource());
  int64_t index = frame.integer(op.getIndex());
  if (index < 0 || index >= int64_t(source.shape.size()))
    return {StatusCode::INVALID_ARGUMENT, describe(op) + ": expected a dimension below " +
                                              std::to_string(source.shape.size()) + ", found " +
                                              std::to_string(index)};
  frame.set(op.getResult(), TensorValue::ofIndex(source.shape[index]));
  return {};
}

static Status evaluate(tensor::ExtractOp op, CallFrame &frame) {
  const TensorValue &source = frame.tensor(op.getTensor());
  int64_t element = 0;
  for (auto [dim, index] : llvm::zip(source.shape, op.getIndices())) {
    int64_t coordinate = frame.integer(index);
    if (coordinate < 0 || coordinate >= dim)
      return {StatusCode::INVALID_ARGUMENT, describe(op) + ": expected an index below " +
                                                std::to_string(dim) + ", found " +
                                                std::to_string(coordinate)};
    element = element * dim + coordinate;
  }
  frame.set(op.getResult(), isFloat(op.getResult())
                                ? TensorValue::ofFloats({}, {source.floats[element]})
                                : TensorValue::ofIntegers({}, {source.integers[element]}));
  return {};
}

static Status evaluate(tensor::SplatOp op, CallFrame &frame) {
  const TensorValue &input = frame.tensor(op.getInput());
  TensorValue value = zeros(op.getResult(), resolveShape(cast<ShapedType>(op.getType()).getShape(),
                                                         op.getDynamicSizes(), frame));
  if (isFloat(op.getResult()))
    value.floats.assign(value.floats.size(), input.floats[0]);
  else
    value.integers.assign(value.integers.size(), input.integers[0]);
  frame.set(op.getResult(), std::move(value));
  return {};
}

static Status evaluate(tensor::FromElementsOp op, CallFrame &frame) {
  TensorValue value;
  value.shape = op.getType().getShape();
  for (Value element : op.getElements()) {
    const TensorValue &scalar = frame.tensor(element);
    value.floats.insert(value.floats.end(), scalar.floats.begin(), scalar.floats.end());
    value.integers.insert(value.integers.end(), scalar.integers.begin(), scalar.integers.end());
  }
  frame.set(op.getResult(), std::move(value));
  return {};
}

/// Row-major order does not change when dimensions are merged or split.
static Status evaluate(tensor::CollapseShapeOp op, CallFrame &frame) {
  TensorValue value = frame.tensor(op.getSrc());
  std::vector<int64_t> shape;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    int64_t size = 1;
    for (int64_t dim : group)
      size *= value.shape[dim];
    shape.push_back(size);
  }
  value.shape = std::move(shape);
  frame.set(op.getResult(), std::move(value));
  return {};
}

static Status evaluate(tensor::ExpandShapeOp op, CallFrame &frame) {
  TensorValue value = frame.tensor(op.getSrc());
  value.shape = resolveShape(op.getStaticOutputShape(), op.getOutputShape(), frame);
  frame.set(op.getResult(), std::move(value));
  return {};
}

std::optional<Status> evaluateTensor(Operation *op, CallFrame &frame) {
  return llvm::TypeSwitch<Operation *, std::optional<Status>>(op)
      .Case<tensor::EmptyOp, tensor::CastOp, tensor::DimOp, tensor::ExtractOp, tensor::SplatOp,
            tensor::FromElementsOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
          [&](auto typed) { return evaluate(typed, frame); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace lobit
