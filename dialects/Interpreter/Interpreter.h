/// \file
/// Reference evaluation of modules: the oracle every lowering is compared with.
///
/// Evaluates functions over tensors (lm, lobit, linalg, tensor, arith, math, func) and
/// straight-line functions over vectors (ukernel, arith). Exact arithmetic:
/// docs/numerics.md and docs/quantization.md; reductions of linalg ops run through their
/// loops in order.
#ifndef LOBIT_DIALECTS_INTERPRETER_INTERPRETER_H
#define LOBIT_DIALECTS_INTERPRETER_INTERPRETER_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <memory>
#include <vector>

namespace lobit {

/// A tensor, a vector, or (shape []) a scalar.
struct TensorValue {
  std::vector<int64_t> shape;
  /// Exactly one is used: f32, f16 and bf16 values as floats; i1..i64 and index values
  /// sign-extended.
  std::vector<float> floats;
  std::vector<int64_t> integers;

  static TensorValue ofFloats(std::vector<int64_t> shape, std::vector<float> values);
  static TensorValue ofIntegers(std::vector<int64_t> shape, std::vector<int64_t> values);
  static TensorValue ofIndex(int64_t value) { return ofIntegers({}, {value}); }
  int64_t size() const;
};

/// Keys and values of one layer, [kvHeads, maxContext, headDim] each, as they read back:
/// rounded to f16, or int8 codes with scales [kvHeads, maxContext].
struct KeyValueCache {
  std::vector<float> keys;
  std::vector<float> values;
  std::vector<float> keyScales, valueScales;
};

/// What a conversation keeps between calls: the caches by layer.
struct InterpreterSession {
  std::map<int64_t, KeyValueCache> caches;
};

class WeightCache;

class Interpreter {
public:
  /// `source` resolves weights by name and may be null when all are inline. Module and
  /// source must outlive the interpreter; evaluated weights are kept.
  Interpreter(mlir::ModuleOp module, TensorSource *source);
  ~Interpreter();

  /// Calls a function of the module with tensors, vectors and scalars.
  Result<std::vector<TensorValue>> call(llvm::StringRef function,
                                        llvm::ArrayRef<TensorValue> arguments,
                                        InterpreterSession &session);
  /// The same with a session of its own.
  Result<std::vector<TensorValue>> call(llvm::StringRef function,
                                        llvm::ArrayRef<TensorValue> arguments);

private:
  mlir::ModuleOp module;
  std::unique_ptr<WeightCache> weights;
};

} // namespace lobit

#endif // LOBIT_DIALECTS_INTERPRETER_INTERPRETER_H
