/// \file
/// One function of the tensor level as steps on static buffers.
///
/// `analyze` turns each op into steps and notes which buffers a step reads and writes;
/// from that follow the barriers (before each step that touches what another thread may
/// still read or write) and the places of the buffers; `emit` writes the function.
#ifndef LOBIT_PASSES_LOWER_FUNCTIONLOWERING_H
#define LOBIT_PASSES_LOWER_FUNCTIONLOWERING_H

#include "passes/Lower/Kernels.h"
#include "passes/Lower/Operations.h"

#include "dialects/LM/LMOps.h"
#include "dialects/Lobit/LobitOps.h"
#include "dialects/UKernel/UKernelOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace lobit {

class FunctionLowering;

/// What the functions of a module share.
struct ModuleLowering {
  mlir::ModuleOp module;
  Isa isa = Isa::X86V1;
  int64_t maxRows = 64;

  std::map<mlir::Operation *, std::unique_ptr<FunctionLowering>> functions;
  /// Layer -> offset of its first buffer in the state; the others follow, 64-byte aligned.
  std::map<int64_t, std::pair<lm::CacheType, uint64_t>> caches;
  uint64_t stateBytes = 0;
  /// Distinct linear layers: type of the weight, type of the bias or null.
  llvm::SetVector<std::pair<lb::WeightType, lb::WeightType>> linears;

  FunctionLowering *find(llvm::StringRef name);
};

/// The kernel's view of a linear layer; `bias` may be null.
LinearShape linearShape(lb::WeightType weight, lb::WeightType bias, int64_t maxRows);

class FunctionLowering {
public:
  FunctionLowering(ModuleLowering &shared, mlir::func::FuncOp source, bool isEntry);

  mlir::LogicalResult analyze();
  /// Bytes of scratch this function needs for itself; known after analyze.
  uint64_t scratchBytes() const { return ownScratch; }
  mlir::func::FuncOp getSource() { return source; }
  /// The traced operations it runs, calls included, without labels.
  llvm::ArrayRef<TracedOperation> getOperations() const { return operations; }
  /// Where the entry leaves the rows that lm.head multiplies, [maxRows, hidden] f32 in the
  /// scratch, when it returns; known after analyze.
  std::optional<uint64_t> hiddenOffset() const;

  /// Where its scratch starts: behind that of all callers.
  uint64_t scratchBase = 0;

  void emit();

private:
  using BufferId = unsigned;

  struct Buffer {
    /// nullopt: an argument of the function.
    std::optional<uk::Section> section;
    uint64_t argument = 0;
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };
  /// The buffers of a weight; `scales` is meaningful for quantized weights.
  struct Weight {
    lb::WeightType type;
    BufferId data = 0, scales = 0;
  };
  /// The buffers of a cache, in the order of cacheBuffers.
  using Cache = llvm::SmallVector<BufferId>;
  struct Step {
    llvm::SmallVector<BufferId> reads, writes;
    /// Runs in thread 0 alone.
    bool isSerial = false;
    bool isCall = false;
    /// The rows it works on, when a thread reads and writes its share of the rows alone; then
    /// emitRow does one of them, else emit does all.
    std::optional<int64_t> byRow;
    /// The columns of what it writes, when a thread reads and writes the columns of its share of
    /// tiles alone; then emitShare does one.
    std::optional<int64_t> byColumn;
    /// Of columns that steps before it have made.
    bool followsColumns = false;
    /// Whether a barrier comes before it, and how many have come.
    bool waits = false;
    int64_t epoch = 0;
    std::function<void()> emit;
    std::function<void(mlir::Value row)> emitRow;
    std::function<void(mlir::Value thread, mlir::Value threads)> emitShare;
    /// Index of the operation that is done with this step.
    std::optional<uint64_t> traced;
  };

  // Analysis.
  mlir::LogicalResult analyzeArguments();
  mlir::LogicalResult analyzeOp(mlir::Operation *op);
  mlir::LogicalResult analyzeWeight(mlir::Operation *op);
  mlir::LogicalResult analyzeCache(lm::CacheOp op);
  mlir::LogicalResult analyzeConstant(mlir::arith::ConstantOp op);
  mlir::LogicalResult analyzeEmbed(lm::EmbedOp op);
  mlir::LogicalResult analyzeRmsNorm(lm::RmsNormOp op);
  mlir::LogicalResult analyzeRope(lm::RopeOp op);
  mlir::LogicalResult analyzeAttention(lm::AttentionOp op);
  mlir::LogicalResult analyzeGatedActivation(lm::GatedActivationOp op);
  mlir::LogicalResult analyzeAdd(lm::AddOp op);
  mlir::LogicalResult analyzeLinear(mlir::Operation *op, mlir::Value input, mlir::Value weight,
                                    mlir::Value bias, mlir::Value first);
  mlir::LogicalResult analyzeLinalg(mlir::linalg::LinalgOp op);
  mlir::LogicalResult analyzeCall(mlir::func::CallOp op);
  mlir::LogicalResult analyzeReturn(mlir::func::ReturnOp op);

  BufferId addBuffer(Buffer buffer);
  BufferId addScratch(uint64_t bytes);
  /// The buffer a result is written to: the caller's when the value is returned.
  BufferId resultBuffer(mlir::Value result);
  uint64_t tensorBytes(mlir::Type type) const;
  llvm::SmallVector<BufferId> quantized(mlir::Value input, const ActShape &shape,
                                        mlir::Value first);
  Step &addStep(llvm::ArrayRef<BufferId> reads, llvm::ArrayRef<BufferId> writes,
                std::function<void()> emit);
  /// A step that does each row of `tensor` by itself.
  void addRowStep(mlir::Value tensor, llvm::ArrayRef<BufferId> reads,
                  llvm::ArrayRef<BufferId> writes, std::function<void(mlir::Value)> emitRow);
  /// Marks the last step as the end of an operation.
  void trace(TracedOperation operation);
  void addCopy(mlir::Value from, BufferId to);
  bool overlaps(BufferId a, BufferId b) const;
  bool touches(const Step &earlier, const Step &later) const;
  bool mustWait(const Step &step, llvm::ArrayRef<const Step *> pending) const;
  void order();
  void schedule();
  size_t loopEnd(size_t first) const;
  void shareRows();
  void plan();

  // Emission.
  mlir::FunctionType loweredType();
  mlir::Value view(BufferId buffer, mlir::MemRefType type);
  mlir::Value rowView(BufferId buffer, int64_t features);
  mlir::Value weightView(const Weight &weight);
  mlir::Value scaleView(const Weight &weight);
  llvm::SmallVector<mlir::Value> cacheViews(const Cache &cache, lm::CacheType type);
  mlir::Value number(mlir::Value value);
  mlir::Value rowsOf(mlir::Value tensor);
  mlir::Value rowIn(BufferId buffer, mlir::Value row);
  mlir::Value positionOf(mlir::Value first, mlir::Value row);
  void emitRows(llvm::ArrayRef<Step> steps);
  void emitColumns(llvm::ArrayRef<Step> steps);
  void emitTrace(const Step &step);
  mlir::Value constant(int64_t value);
  void call(mlir::func::FuncOp kernel, llvm::ArrayRef<mlir::Value> arguments);
  void emitSerial(llvm::function_ref<void()> body);

  ModuleLowering &shared;
  mlir::func::FuncOp source;
  bool isEntry;

  llvm::SmallVector<Buffer> buffers;
  std::vector<Step> steps;
  llvm::SmallVector<TracedOperation> operations;
  uint64_t ownScratch = 0;
  /// The input of lm.head.
  std::optional<BufferId> hidden;
  bool waitsAtEnd = false;
  /// Buffers that one loop over rows alone touches: a thread uses the first row of its share
  /// for all of them.
  llvm::DenseSet<BufferId> oneRow;

  llvm::DenseMap<mlir::Value, BufferId> tensors;
  llvm::DenseMap<mlir::Value, Weight> weights;
  llvm::DenseMap<mlir::Value, Cache> caches;
  /// Results that are written straight into the caller's buffer.
  llvm::DenseMap<mlir::Value, BufferId> returned;
  llvm::SmallVector<BufferId> resultBuffers;
  struct Quantized {
    mlir::Value input, first;
    ActShape shape;
    llvm::SmallVector<BufferId> buffers;
  };
  llvm::SmallVector<Quantized> quantizedInputs;
  /// Lowered function argument of an argument buffer or an index argument.
  llvm::DenseMap<mlir::Value, unsigned> indexArguments;
  llvm::SmallVector<mlir::Type> argumentTypes;

  mlir::OpBuilder b;
  mlir::Location loc;
  mlir::func::FuncOp lowered;
  mlir::Value frame, thread, threads, rows, operationBase;
  llvm::DenseMap<std::pair<BufferId, mlir::Type>, mlir::Value> views;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  /// The loop that steps are emitted into, and the first row of the thread.
  mlir::Operation *sharedLoop = nullptr;
  mlir::Value firstRow;
  mlir::IRMapping numbers;
};

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_FUNCTIONLOWERING_H
