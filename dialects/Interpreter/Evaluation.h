/// \file
/// One activation of a function, and the evaluation of single ops in it.
#ifndef LOBIT_DIALECTS_INTERPRETER_EVALUATION_H
#define LOBIT_DIALECTS_INTERPRETER_EVALUATION_H

#include "dialects/Interpreter/Interpreter.h"
#include "dialects/Interpreter/WeightCache.h"
#include "mlir/IR/Operation.h"

#include <optional>
#include <variant>

namespace lobit {

/// The cache of a layer with its dimensions.
struct CacheReference {
  KeyValueCache *cache;
  int64_t kvHeads, maxContext, headDim;
  mlir::Type element;
};

/// What an SSA value stands for. A weight is the end of its chain, wherever that is.
using RuntimeValue = std::variant<std::shared_ptr<const TensorValue>, mlir::Value, CacheReference>;

class CallFrame {
public:
  CallFrame(mlir::ModuleOp module, WeightCache &weights, InterpreterSession &session)
      : module(module), weights(weights), session(session) {}

  const TensorValue &tensor(mlir::Value value) const;
  int64_t integer(mlir::Value value) const { return tensor(value).integers[0]; }
  const CacheReference &cache(mlir::Value value) const;
  Result<const LoadedWeight *> weight(mlir::Value value) const;
  const RuntimeValue &get(mlir::Value value) const { return values.find(value)->second; }

  void set(mlir::Value value, TensorValue tensor);
  void set(mlir::Value value, RuntimeValue runtimeValue) {
    values[value] = std::move(runtimeValue);
  }

  mlir::ModuleOp module;
  WeightCache &weights;
  InterpreterSession &session;

private:
  llvm::DenseMap<mlir::Value, RuntimeValue> values;
};

/// Runs the body of a function of `frame.module`; arguments are bound already.
Result<std::vector<RuntimeValue>> callFunction(llvm::StringRef name,
                                               llvm::ArrayRef<RuntimeValue> arguments,
                                               WeightCache &weights, InterpreterSession &session,
                                               mlir::ModuleOp module);

/// Each returns nullopt for an op that is not of its dialects.
std::optional<Status> evaluateLobit(mlir::Operation *op, CallFrame &frame);
std::optional<Status> evaluateLM(mlir::Operation *op, CallFrame &frame);
std::optional<Status> evaluateUKernel(mlir::Operation *op, CallFrame &frame);
std::optional<Status> evaluateLinalg(mlir::Operation *op, CallFrame &frame);
std::optional<Status> evaluateTensor(mlir::Operation *op, CallFrame &frame);
/// arith and math, element by element on vectors and tensors.
std::optional<Status> evaluateElementwise(mlir::Operation *op, CallFrame &frame);

/// Values of a dense or resource attribute.
Result<TensorValue> tensorOfAttribute(mlir::Attribute attribute);
/// The attribute of a constant of type `type` (static shape or scalar).
mlir::TypedAttr attributeOfTensor(const TensorValue &value, mlir::Type type);

/// "file:line: op" for messages.
std::string describe(mlir::Operation *op);

} // namespace lobit

#endif // LOBIT_DIALECTS_INTERPRETER_EVALUATION_H
