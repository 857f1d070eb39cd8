#include "test/passes/Pipelines/CompiledModel.h"

#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "dialects/UKernel/UKernelDialect.h"
#include "passes/Emit/Link.h"
#include "passes/Emit/ObjectCode.h"
#include "passes/Lower/StoredTensors.h"
#include "passes/Pipelines/Pipelines.h"
#include "runtime/cpu/Cpu.h"
#include "test/support/VnniEmulator.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace lobit::test {

std::unique_ptr<MLIRContext> createContext() {
  auto context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  context->loadDialect<lb::LobitDialect, lm::LMDialect, uk::UKernelDialect, affine::AffineDialect,
                       arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                       linalg::LinalgDialect, LLVM::LLVMDialect, math::MathDialect,
                       memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect,
                       vector::VectorDialect>();
  return context;
}

//===--- tensors ------------------------------------------------------------===//

static std::vector<uint8_t> encode(const std::vector<float> &values, ElementType type) {
  std::vector<uint8_t> bytes;
  for (float value : values) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    int first = 0, last = 4;
    if (type == ElementType::BF16) {
      first = 2; // truncated: any bf16 will do
    } else if (type == ElementType::F16) {
      // Normal f16 values with the leading mantissa bits of the f32.
      uint32_t exponent = (bits >> 23 & 255) - 112;
      bits = value == 0 ? 0 : (bits >> 16 & 0x8000) | (exponent & 31) << 10 | (bits >> 13 & 1023);
      last = 2;
    }
    for (int i = first; i < last; ++i)
      bytes.push_back(bits >> 8 * i & 255);
  }
  return bytes;
}

void RandomTensors::add(const std::string &name, ElementType type, std::vector<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  std::mt19937 random(seed++);
  std::vector<float> values(count);
  for (float &value : values) {
    // Multiples of 2^-10 between -1 and 1, away from f16's subnormals.
    int32_t step = static_cast<int32_t>(random() % 2049) - 1024;
    value = static_cast<float>(step == 0 ? 1 : step) / 1024.0f;
  }
  auto bytes = std::make_shared<std::vector<uint8_t>>(encode(values, type));
  TensorData data;
  data.type = type;
  data.shape = std::move(shape);
  data.bytes = bytes->data();
  data.size = bytes->size();
  data.keepAlive = bytes;
  tensors[name] = std::move(data);
}

Result<TensorData> RandomTensors::load(std::string_view name) {
  auto it = tensors.find(name);
  if (it == tensors.end())
    return Status(StatusCode::MISSING, "no tensor " + std::string(name));
  return it->second;
}

AlignedBytes::AlignedBytes(uint64_t size) {
  uint64_t rounded = (size + 127) / 64 * 64;
  bytes = static_cast<uint8_t *>(std::aligned_alloc(64, rounded));
  std::memset(bytes, 0xff, rounded); // NaN, wherever something is read that nobody wrote
}

AlignedBytes::~AlignedBytes() { std::free(bytes); }

//===--- code ---------------------------------------------------------------===//

std::vector<Isa> hostIsas() {
  std::vector<Isa> isas = {Isa::X86V1};
  if (__builtin_cpu_supports("avx2"))
    isas.push_back(Isa::Avx2);
  if (__builtin_cpu_supports("avxvnni"))
    isas.push_back(Isa::AvxVnni);
  if (installVnniEmulator())
    isas.push_back(Isa::Avx512Vnni);
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi"))
    isas.push_back(Isa::Avx512Vbmi);
  if (detectCpuFeatures() & CpuAmxInt8)
    isas.push_back(Isa::Avx512Amx);
  return isas;
}

static const LobitCodeTable *loadCode(const std::string &object) {
  int file = memfd_create("code", MFD_CLOEXEC);
  if (write(file, object.data(), object.size()) != static_cast<ssize_t>(object.size()))
    return nullptr;
  // The file stays open: dlopen takes an equal name for the library it already has.
  void *library = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW);
  if (!library)
    return nullptr;
  auto query = reinterpret_cast<LobitCodeQuery>(dlsym(library, LOBIT_CODE_SYMBOL));
  return query ? static_cast<const LobitCodeTable *>(query(LOBIT_CODE_ABI)) : nullptr;
}

CompiledModel::CompiledModel(ModuleOp module, TensorSource &source, Isa isa, int64_t maxRows) {
  problem = compile(module, source, isa, maxRows);
}

std::string CompiledModel::compile(ModuleOp module, TensorSource &source, Isa isa,
                                   int64_t maxRows) {
  OwningOpRef<ModuleOp> planned(module.clone());
  PassManager plan(module.getContext());
  addPlanPasses(plan);
  if (failed(plan.run(*planned)))
    return "planning failed";
  weightBytes = std::make_unique<AlignedBytes>(weightsSize(*planned));
  for (const StoredTensor &tensor : storedTensors(*planned)) {
    Result<EvaluatedWeight> value = evaluateWeight(tensor.value, &source);
    if (!value.ok())
      return value.status().message();
    std::copy(value->bytes.begin(), value->bytes.end(), weightBytes->data() + tensor.offset);
    if (tensor.type.getScaleCount() > 0) {
      std::vector<uint8_t> scales = encodeScales(value->scales, tensor.type.getScaleType());
      std::copy(scales.begin(), scales.end(), weightBytes->data() + tensor.scaleOffset);
    }
  }

  PassManager kernels(module.getContext());
  addKernelPasses(kernels, isa, maxRows);
  if (failed(kernels.run(*planned)))
    return "lowering to kernels failed";
  memory = moduleFacts(*planned);
  table = lobit::operations(*planned);
  scratch = std::make_unique<AlignedBytes>(memory.scratchBytes);
  PassManager target(module.getContext());
  addTargetPasses(target, isa);
  if (failed(target.run(*planned)))
    return "lowering to the target failed";
  Result<std::string> object = emitCode(*planned, isa, CodeForm::Object);
  if (!object.ok())
    return object.status().message();
  Result<std::string> shared = linkSharedObject(*object);
  if (!shared.ok())
    return shared.status().message();
  code = loadCode(*shared);
  return code ? "" : "the code cannot be loaded";
}

//===--- calls --------------------------------------------------------------===//

namespace {

class Barrier {
public:
  explicit Barrier(unsigned count) : count(count), left(count) {}
  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    unsigned mine = phase;
    if (--left == 0) {
      left = count;
      ++phase;
      changed.notify_all();
      return;
    }
    changed.wait(lock, [&] { return phase != mine; });
  }

private:
  std::mutex mutex;
  std::condition_variable changed;
  unsigned count, left, phase = 0;
};

} // namespace

std::vector<uint64_t> CompiledModel::call(uint32_t index, unsigned threads,
                                          const CallArguments &arguments, uint8_t *state) {
  Barrier barrier(threads);
  std::vector<uint64_t> traced;
  nonfiniteFlag = 0;
  LobitFrame frame = {};
  frame.threads = threads;
  frame.weights = weightBytes->data();
  frame.scratch = scratch->data();
  frame.state = state;
  frame.inputs = arguments.inputs.data();
  frame.outputs = arguments.outputs.data();
  frame.rows = arguments.rows;
  frame.position = arguments.position;
  frame.firstOutputRow = arguments.firstOutputRow;
  frame.barrier = [](void *context) { static_cast<Barrier *>(context)->wait(); };
  frame.barrierContext = &barrier;
  frame.trace = [](void *context, uint64_t operation) {
    static_cast<std::vector<uint64_t> *>(context)->push_back(operation);
  };
  frame.traceContext = &traced;
  frame.nonfinite = &nonfiniteFlag;
  std::vector<LobitFrame> frames(threads, frame);
  std::vector<std::thread> pool;
  for (unsigned thread = 0; thread < threads; ++thread) {
    frames[thread].thread = thread;
    pool.emplace_back([&, thread] { code->functions[index](&frames[thread]); });
  }
  for (std::thread &thread : pool)
    thread.join();
  return traced;
}

} // namespace lobit::test
