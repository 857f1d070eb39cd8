/// \file
/// The only place that puts passes in order.
#ifndef LOBIT_PASSES_PIPELINES_PIPELINES_H
#define LOBIT_PASSES_PIPELINES_PIPELINES_H

#include "runtime/format/Tables.h"

#include "mlir/Pass/PassManager.h"

#include <optional>
#include <string>
#include <string_view>

namespace lobit {

/// The stages of the compiler, in order; the words of --stop-after.
enum class Stage { Import, Quantize, Pack, Lower, Emit };
std::optional<Stage> findStage(std::string_view word);
const char *stageWord(Stage stage);

/// pack: byte layouts. `kernel` is auto, tile, base3, dot or tl1.
void addPackPasses(mlir::OpPassManager &manager, const std::string &kernel);

/// lower, first half, the same for every instruction set: one function per distinct block,
/// places in the weights section (storedTensors of passes/Lower/StoredTensors.h is valid
/// from here on).
void addPlanPasses(mlir::OpPassManager &manager);

/// Tokens of one call: enough for the products of a layer to hide what is done once for all of
/// them; the scratch memory of a session grows with it (docs/performance.md).
constexpr int64_t defaultMaxRows = 128;

/// lower, second half, on a clone of the planned module per instruction set: kernels on
/// static buffers (moduleFacts, operations and linearFunctions of passes/Lower are valid
/// from here on), then target instructions and the LLVM dialect.
void addKernelPasses(mlir::OpPassManager &manager, Isa isa, int64_t maxRows = defaultMaxRows);
void addTargetPasses(mlir::OpPassManager &manager, Isa isa);

} // namespace lobit

#endif // LOBIT_PASSES_PIPELINES_PIPELINES_H
