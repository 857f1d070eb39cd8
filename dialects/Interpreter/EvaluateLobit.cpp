#include "dialects/Interpreter/Evaluation.h"
#include "dialects/Interpreter/LinearRows.h"
#include "dialects/Lobit/LobitOps.h"

using namespace mlir;

namespace lobit {

Result<TensorValue> evaluateLinearRows(Operation *op, const TensorValue &x,
                                       const reference::Matrix &weight, const float *bias,
                                       int64_t first) {
  int64_t tokens = x.shape[0] - first;
  std::vector<float> y(tokens * weight.rows);
  for (int64_t token = 0; token < tokens; ++token)
    if (!reference::linear(weight, bias, &x.floats[(first + token) * weight.columns],
                           &y[token * weight.rows]))
      return Status(StatusCode::NONFINITE, describe(op) +
                                               ": expected finite activations, found "
                                               "NaN or infinity in row " +
                                               std::to_string(first + token));
  return TensorValue::ofFloats({tokens, weight.rows}, std::move(y));
}

static Status evaluateLinear(lb::LinearOp op, CallFrame &frame) {
  Result<const LoadedWeight *> weight = frame.weight(op.getWeight());
  if (!weight.ok())
    return std::move(weight).status();
  const float *bias = nullptr;
  if (op.getBias()) {
    Result<const LoadedWeight *> loaded = frame.weight(op.getBias());
    if (!loaded.ok())
      return std::move(loaded).status();
    bias = (*loaded)->kept.data();
  }
  Result<TensorValue> y =
      evaluateLinearRows(op, frame.tensor(op.getInput()), (*weight)->matrix, bias, 0);
  if (!y.ok())
    return std::move(y).status();
  frame.set(op.getResult(), std::move(*y));
  return {};
}

std::optional<Status> evaluateLobit(Operation *op, CallFrame &frame) {
  // A weight is evaluated where it is used, as the end of its chain.
  if (isa<lb::WeightOp, lb::QuantizeOp, lb::PackOp>(op)) {
    frame.set(op->getResult(0), RuntimeValue(op->getResult(0)));
    return Status();
  }
  if (auto linear = dyn_cast<lb::LinearOp>(op))
    return evaluateLinear(linear, frame);
  return std::nullopt;
}

} // namespace lobit
