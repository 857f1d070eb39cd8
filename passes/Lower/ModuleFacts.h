/// \file
/// What the lowered module tells the artifact and the code table.
#ifndef LOBIT_PASSES_LOWER_MODULEFACTS_H
#define LOBIT_PASSES_LOWER_MODULEFACTS_H

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <optional>

namespace lobit {

/// Attributes of the module after convert-lobit-to-ukernel.
inline constexpr const char *scratchSizeAttr = "lobit.scratch_size";
inline constexpr const char *stateSizeAttr = "lobit.state_size";
inline constexpr const char *maxRowsAttr = "lobit.max_rows";
inline constexpr const char *hiddenOffsetAttr = "lobit.hidden_offset";

/// Attribute of the module: the symbols of LobitCodeTable's functions, the model first.
inline constexpr const char *codeTableAttr = "lobit.functions";
inline constexpr const char *modelSymbol = "lobit_model";

struct ModuleFacts {
  uint64_t scratchBytes = 0;
  uint64_t stateBytes = 0;
  uint64_t maxRows = 0;
  /// Of the rows that lm.head multiplies, in the scratch after a call.
  std::optional<uint64_t> hiddenOffset;
};

void setModuleFacts(mlir::ModuleOp module, const ModuleFacts &facts);
ModuleFacts moduleFacts(mlir::ModuleOp module);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_MODULEFACTS_H
