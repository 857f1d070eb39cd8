#include "dialects/Interpreter/Interpreter.h"

#include "dialects/Interpreter/Evaluation.h"
#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace lobit {

//===--- values -------------------------------------------------------------===//

TensorValue TensorValue::ofFloats(std::vector<int64_t> shape, std::vector<float> values) {
  return {std::move(shape), std::move(values), {}};
}

TensorValue TensorValue::ofIntegers(std::vector<int64_t> shape, std::vector<int64_t> values) {
  return {std::move(shape), {}, std::move(values)};
}

int64_t TensorValue::size() const {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

const TensorValue &CallFrame::tensor(Value value) const {
  return *std::get<std::shared_ptr<const TensorValue>>(get(value));
}

const CacheReference &CallFrame::cache(Value value) const {
  return std::get<CacheReference>(get(value));
}

Result<const LoadedWeight *> CallFrame::weight(Value value) const {
  return weights.get(std::get<Value>(get(value)));
}

void CallFrame::set(Value value, TensorValue tensor) {
  values[value] = std::make_shared<const TensorValue>(std::move(tensor));
}

//===--- ops and functions --------------------------------------------------===//

std::string describe(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (auto file = op->getLoc()->findInstanceOf<FileLineColLoc>())
    stream << file.getFilename().getValue() << ":" << file.getLine() << ": ";
  stream << op->getName();
  return text;
}

static Status evaluateCall(func::CallOp call, CallFrame &frame) {
  std::vector<RuntimeValue> arguments;
  for (Value operand : call.getOperands())
    arguments.push_back(frame.get(operand));
  Result<std::vector<RuntimeValue>> results =
      callFunction(call.getCallee(), arguments, frame.weights, frame.session, frame.module);
  if (!results.ok())
    return std::move(results).status();
  for (auto [result, value] : llvm::zip(call.getResults(), *results))
    frame.set(result, value);
  return {};
}

static Status evaluateOp(Operation *op, CallFrame &frame) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return evaluateCall(call, frame);
  for (auto evaluate : {evaluateLobit, evaluateLM, evaluateUKernel, evaluateLinalg, evaluateTensor,
                        evaluateElementwise})
    if (std::optional<Status> status = evaluate(op, frame))
      return std::move(*status);
  return {StatusCode::UNSUPPORTED, describe(op) + ": the interpreter does not evaluate this op"};
}

Result<std::vector<RuntimeValue>> callFunction(StringRef name, ArrayRef<RuntimeValue> arguments,
                                               WeightCache &weights, InterpreterSession &session,
                                               ModuleOp module) {
  auto function = SymbolTable(module).lookup<func::FuncOp>(name);
  if (!function || function.isExternal())
    return Status(StatusCode::MISSING,
                  "the module has no function with a body called " + name.str());
  if (!function.getBody().hasOneBlock())
    return Status(StatusCode::UNSUPPORTED,
                  name.str() + ": expected a function of one block, found " +
                      std::to_string(function.getBody().getBlocks().size()));
  CallFrame frame(module, weights, session);
  for (auto [argument, value] : llvm::zip(function.getArguments(), arguments))
    frame.set(argument, value);
  for (Operation &op : function.getBody().front().without_terminator()) {
    Status status = evaluateOp(&op, frame);
    if (!status.ok())
      return status;
  }
  std::vector<RuntimeValue> results;
  for (Value operand : function.getBody().front().getTerminator()->getOperands())
    results.push_back(frame.get(operand));
  return results;
}

//===--- the outside --------------------------------------------------------===//

/// Arguments come from outside: they must have the type the function declares.
static Status checkArgument(func::FuncOp function, unsigned index, const TensorValue &value) {
  Type type = function.getArgumentTypes()[index];
  auto shaped = dyn_cast<ShapedType>(type);
  ArrayRef<int64_t> shape = shaped ? shaped.getShape() : ArrayRef<int64_t>();
  bool matches = shape.size() == value.shape.size();
  for (size_t i = 0; matches && i < shape.size(); ++i)
    matches = ShapedType::isDynamic(shape[i]) || shape[i] == value.shape[i];
  bool isFloat = isa<FloatType>(shaped ? shaped.getElementType() : type);
  size_t filled = isFloat ? value.floats.size() : value.integers.size();
  if (matches && filled == size_t(value.size()))
    return {};
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << function.getName() << ": expected argument " << index << " of type " << type
         << ", found shape [";
  llvm::interleaveComma(value.shape, stream);
  stream << "] with " << filled << (isFloat ? " floats" : " integers");
  return {StatusCode::INVALID_ARGUMENT, text};
}

Interpreter::Interpreter(ModuleOp module, TensorSource *source)
    : module(module), weights(std::make_unique<WeightCache>(source)) {}
Interpreter::~Interpreter() = default;

Result<std::vector<TensorValue>> Interpreter::call(StringRef name, ArrayRef<TensorValue> arguments,
                                                   InterpreterSession &session) {
  auto function = SymbolTable(module).lookup<func::FuncOp>(name);
  if (function && function.getNumArguments() != arguments.size())
    return Status(StatusCode::INVALID_ARGUMENT,
                  name.str() + ": expected " + std::to_string(function.getNumArguments()) +
                      " arguments, found " + std::to_string(arguments.size()));
  std::vector<RuntimeValue> values;
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    if (function)
      if (Status status = checkArgument(function, index, argument); !status.ok())
        return status;
    values.push_back(std::make_shared<const TensorValue>(argument));
  }
  Result<std::vector<RuntimeValue>> results = callFunction(name, values, *weights, session, module);
  if (!results.ok())
    return std::move(results).status();
  std::vector<TensorValue> tensors;
  for (RuntimeValue &result : *results) {
    auto *tensor = std::get_if<std::shared_ptr<const TensorValue>>(&result);
    if (!tensor)
      return Status(StatusCode::UNSUPPORTED,
                    name.str() + ": a function called from outside returns tensors, vectors and "
                                 "scalars, found a weight or a cache");
    tensors.push_back(**tensor);
  }
  return tensors;
}

Result<std::vector<TensorValue>> Interpreter::call(StringRef function,
                                                   ArrayRef<TensorValue> arguments) {
  InterpreterSession session;
  return call(function, arguments, session);
}

} // namespace lobit
