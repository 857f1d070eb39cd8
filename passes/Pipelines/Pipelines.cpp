#include "passes/Pipelines/Pipelines.h"
#include "passes/Lower/Passes.h"
#include "passes/Pack/Passes.h"
#include "passes/Pipelines/Passes.h"
#include "passes/Quantize/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include <iterator>

using namespace mlir;

namespace lobit {

static const char *const stageWords[] = {"import", "quantize", "pack", "lower", "emit"};

std::optional<Stage> findStage(std::string_view word) {
  for (size_t i = 0; i < std::size(stageWords); ++i)
    if (word == stageWords[i])
      return static_cast<Stage>(i);
  return std::nullopt;
}

const char *stageWord(Stage stage) { return stageWords[static_cast<size_t>(stage)]; }

void addPackPasses(OpPassManager &manager, const std::string &kernel) {
  LobitPackWeightsOptions options;
  options.kernel = kernel;
  manager.addPass(createLobitPackWeights(options));
}

void addPlanPasses(OpPassManager &manager) {
  manager.addPass(createMergeFunctionsPass());
  manager.addPass(createAssignOffsetsPass());
}

void addKernelPasses(OpPassManager &manager, Isa isa, int64_t maxRows) {
  ConvertLobitToUKernelPassOptions options;
  options.isa = findIsa(isa)->word;
  options.maxRows = maxRows;
  manager.addPass(createConvertLobitToUKernelPass(options));
  manager.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLoopInvariantCodeMotionPass());
}

void addTargetPasses(OpPassManager &manager, Isa isa) {
  ConvertUKernelToTargetPassOptions options;
  options.isa = findIsa(isa)->word;
  manager.addPass(createConvertUKernelToTargetPass(options));
  LobitConvertToLLVMPassOptions toLLVM;
  toLLVM.indexBits = findIsa(isa)->arch == Arch::Wasm32 ? 32 : 64;
  manager.addPass(createLobitConvertToLLVMPass(toLLVM));
}

namespace {

struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<std::string> isa{*this, "isa", llvm::cl::desc("instruction set the code is for"),
                          llvm::cl::init("x86-64-v1")};
  Option<std::string> quantize{
      *this, "quantize",
      llvm::cl::desc(
          "scheme of the lobit.linear weights: keep, int8, int6, int4, ternary, int6:METHOD or "
          "ternary:METHOD"),
      llvm::cl::init("keep")};
  Option<std::string> kernel{
      *this, "kernel",
      llvm::cl::desc("what multiplies quantized weights: auto, tile, base3, dot or tl1"),
      llvm::cl::init("auto")};
  Option<int64_t> maxRows{*this, "max-rows", llvm::cl::desc("tokens of one call"),
                          llvm::cl::init(defaultMaxRows)};
  Option<std::string> stopAfter{*this, "stop-after",
                                llvm::cl::desc("last stage: import, quantize, pack or lower"),
                                llvm::cl::init("lower")};
};

using ErrorHandler = function_ref<LogicalResult(const Twine &)>;

LogicalResult addQuantizePasses(OpPassManager &manager, StringRef scheme, ErrorHandler error) {
  if (scheme == "keep")
    return success();
  if (scheme == "int8") {
    manager.addPass(createLobitQuantizeInt8());
    return success();
  }
  if (scheme == "int4") {
    manager.addPass(createLobitQuantizeInt4());
    return success();
  }
  StringRef method = scheme;
  if (method.consume_front("int6") && (method.empty() || method.consume_front(":"))) {
    LobitQuantizeInt6Pair24Options options;
    if (!method.empty())
      options.method = method.str();
    manager.addPass(createLobitQuantizeInt6Pair24(options));
    return success();
  }
  method = scheme;
  if (!method.consume_front("ternary") || !(method.empty() || method.consume_front(":")))
    return error("quantize=" + scheme +
                 " is unknown; expected keep, int8, int6, int4, ternary, int6:METHOD or "
                 "ternary:METHOD");
  LobitQuantizeTernaryOptions options;
  if (!method.empty())
    options.method = method.str();
  manager.addPass(createLobitQuantizeTernary(options));
  return success();
}

LogicalResult buildPipeline(OpPassManager &manager, StringRef text, ErrorHandler error) {
  PipelineOptions options;
  if (failed(options.parseFromString(text)))
    return failure();
  std::optional<Stage> last = findStage(options.stopAfter.getValue());
  if (!last || *last == Stage::Emit)
    return error("stop-after=" + Twine(options.stopAfter.getValue()) +
                 " is unknown; expected import, quantize, pack or lower");
  const IsaInfo *isa = findIsa(std::string_view(options.isa.getValue()));
  if (!isa)
    return error("isa=" + Twine(options.isa.getValue()) + " is unknown; expected one of " +
                 isaWords());
  if (*last >= Stage::Quantize &&
      failed(addQuantizePasses(manager, options.quantize.getValue(), error)))
    return failure();
  if (*last >= Stage::Pack)
    addPackPasses(manager, options.kernel);
  if (*last >= Stage::Lower) {
    addPlanPasses(manager);
    addKernelPasses(manager, isa->isa, options.maxRows);
    addTargetPasses(manager, isa->isa);
  }
  return success();
}

} // namespace

void registerPipelinesPasses() {
  registerPassPipeline("lobit-pipeline",
                       "the stages quantize, pack and lower for one instruction set", buildPipeline,
                       [](function_ref<void(const mlir::detail::PassOptions &)> describe) {
                         describe(PipelineOptions());
                       });
}

} // namespace lobit
