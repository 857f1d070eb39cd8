/// \file
/// The tensors of the weights section, as lobit-assign-offsets placed them.
#ifndef LOBIT_PASSES_LOWER_STOREDTENSORS_H
#define LOBIT_PASSES_LOWER_STOREDTENSORS_H

#include "dialects/Lobit/LobitDialect.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace lobit {

/// Attributes of the op that ends a weight chain: bytes from the start of the section.
inline constexpr const char *offsetAttr = "lobit.offset";
inline constexpr const char *scaleOffsetAttr = "lobit.scale_offset";
/// Attribute of the module: bytes of the section.
inline constexpr const char *weightsSizeAttr = "lobit.weights_size";

struct StoredTensor {
  /// The tensor of the model file, or `inline.N`; made distinct by `#2`, ... when the
  /// same tensor is stored in more than one form.
  std::string name;
  /// What evaluateWeight takes.
  mlir::Value value;
  lb::WeightType type;
  uint64_t offset = 0;
  /// Meaningful when the type has scales.
  uint64_t scaleOffset = 0;
};

/// The distinct tensors in the order of their offsets.
std::vector<StoredTensor> storedTensors(mlir::ModuleOp module);

/// Size of the weights section.
uint64_t weightsSize(mlir::ModuleOp module);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_STOREDTENSORS_H
