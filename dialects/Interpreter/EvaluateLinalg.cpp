#include "dialects/Interpreter/Evaluation.h"
#include "dialects/Interpreter/Scalars.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lobit {

namespace {

/// A structured op as the nest of loops it stands for: the iterators in order, innermost
/// last, with the op's own body inside.
class LoopNest {
public:
  LoopNest(linalg::LinalgOp op, CallFrame &frame);
  Status run();
  /// The outputs after run().
  std::vector<TensorValue> results;

private:
  Status runBody();
  /// The element of operand `index` that the maps select at the current iteration.
  int64_t elementOf(unsigned index) const;
  int64_t coordinate(AffineExpr expr) const;
  Scalar load(const TensorValue &value, int64_t element) const;
  Result<Scalar> lookup(Value value);

  linalg::LinalgOp op;
  CallFrame &frame;
  std::vector<const TensorValue *> inputs; // one per operand; outputs are in `results`
  SmallVector<AffineMap> maps;
  std::vector<int64_t> bounds, iteration;
  llvm::DenseMap<Value, Scalar> scalars; // inside the body
};

LoopNest::LoopNest(linalg::LinalgOp op, CallFrame &frame) : op(op), frame(frame) {
  maps = op.getIndexingMapsArray();
  bounds.resize(op.getNumLoops());
  iteration.resize(op.getNumLoops());
  for (Value operand : op->getOperands())
    inputs.push_back(&frame.tensor(operand));
  for (Value init : op.getDpsInits())
    results.push_back(frame.tensor(init));
  // Every loop is a plain dimension of some operand: that dimension is its size.
  for (auto [map, input] : llvm::zip(maps, inputs))
    for (auto [dim, expr] : llvm::enumerate(map.getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(expr))
        bounds[loop.getPosition()] = input->shape[dim];
}

int64_t LoopNest::coordinate(AffineExpr expr) const {
  if (auto loop = dyn_cast<AffineDimExpr>(expr))
    return iteration[loop.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  auto binary = cast<AffineBinaryOpExpr>(expr); // structured ops have no symbols
  int64_t lhs = coordinate(binary.getLHS()), rhs = coordinate(binary.getRHS());
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(lhs, rhs);
  default:
    return lhs - llvm::divideFloorSigned(lhs, rhs) * rhs;
  }
}

int64_t LoopNest::elementOf(unsigned index) const {
  const std::vector<int64_t> &shape = inputs[index]->shape;
  int64_t element = 0;
  for (auto [dim, expr] : llvm::enumerate(maps[index].getResults()))
    element = element * shape[dim] + coordinate(expr);
  return element;
}

Scalar LoopNest::load(const TensorValue &value, int64_t element) const {
  if (value.floats.empty())
    return {0, value.integers[element]};
  return {value.floats[element], 0};
}

Result<Scalar> LoopNest::lookup(Value value) {
  if (auto inside = scalars.find(value); inside != scalars.end())
    return inside->second;
  return load(frame.tensor(value), 0); // a scalar defined outside of the body
}

Status LoopNest::runBody() {
  Block &body = op->getRegion(0).front();
  unsigned firstResult = op.getNumDpsInputs();
  for (auto [index, argument] : llvm::enumerate(body.getArguments()))
    scalars[argument] =
        load(index < firstResult ? *inputs[index] : results[index - firstResult], elementOf(index));
  for (Operation &inner : body.without_terminator()) {
    SmallVector<Scalar, 3> operands;
    for (Value operand : inner.getOperands()) {
      Result<Scalar> scalar = lookup(operand);
      operands.push_back(*scalar);
    }
    if (auto indexOp = dyn_cast<linalg::IndexOp>(inner)) {
      scalars[indexOp.getResult()] = {0, iteration[indexOp.getDim()]};
      continue;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(inner)) {
      Result<TensorValue> value = tensorOfAttribute(constant.getValue());
      if (!value.ok())
        return std::move(value).status().withContext(describe(&inner));
      scalars[constant.getResult()] = load(*value, 0);
      continue;
    }
    if (!isScalarOp(&inner))
      return {StatusCode::UNSUPPORTED,
              describe(&inner) + ": the interpreter does not evaluate this op in a linalg body"};
    Result<Scalar> scalar = evaluateScalar(&inner, operands);
    if (!scalar.ok())
      return std::move(scalar).status();
    scalars[inner.getResult(0)] = *scalar;
  }
  for (auto [index, operand] : llvm::enumerate(body.getTerminator()->getOperands())) {
    TensorValue &result = results[index];
    int64_t element = elementOf(firstResult + index);
    Result<Scalar> scalar = lookup(operand);
    if (result.floats.empty())
      result.integers[element] = scalar->i;
    else
      result.floats[element] = scalar->f;
  }
  return {};
}

Status LoopNest::run() {
  for (int64_t bound : bounds)
    if (bound == 0)
      return {};
  while (true) {
    Status status = runBody();
    if (!status.ok())
      return status;
    int64_t loop = int64_t(bounds.size()) - 1;
    while (loop >= 0 && ++iteration[loop] == bounds[loop])
      iteration[loop--] = 0;
    if (loop < 0)
      return {};
  }
}

} // namespace

std::optional<Status> evaluateLinalg(Operation *op, CallFrame &frame) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || !linalgOp.hasPureTensorSemantics())
    return std::nullopt;
  LoopNest nest(linalgOp, frame);
  Status status = nest.run();
  if (!status.ok())
    return status;
  for (auto [result, value] : llvm::zip(op->getResults(), nest.results))
    frame.set(result, std::move(value));
  return Status();
}

} // namespace lobit
