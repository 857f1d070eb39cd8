/// \file
/// Weights in the form the reference arithmetic reads, evaluated once.
#ifndef LOBIT_DIALECTS_INTERPRETER_WEIGHTCACHE_H
#define LOBIT_DIALECTS_INTERPRETER_WEIGHTCACHE_H

#include "dialects/Interpreter/Arithmetic/Linear.h"
#include "dialects/Lobit/Weights/TensorSource.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

#include <memory>

namespace lobit {

/// The values of a !lobit.weight; `matrix` points into the vectors.
struct LoadedWeight {
  std::vector<float> kept;
  std::vector<int8_t> codes;
  std::vector<float> scales;
  reference::Matrix matrix;
};

class WeightCache {
public:
  explicit WeightCache(TensorSource *source) : source(source) {}
  /// `weight` is the end of a chain of lobit.weight, lobit.quantize and lobit.pack.
  Result<const LoadedWeight *> get(mlir::Value weight);

private:
  TensorSource *source;
  llvm::DenseMap<mlir::Value, std::unique_ptr<LoadedWeight>> loaded;
};

} // namespace lobit

#endif // LOBIT_DIALECTS_INTERPRETER_WEIGHTCACHE_H
