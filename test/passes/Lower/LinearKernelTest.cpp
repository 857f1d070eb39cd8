// Every linear kernel and act_quantize of every ISA, bit for bit against the plain
// arithmetic, in this process or under an emulator. Kernels get hand-made quantized
// activations, so that -128 is tested too.
#include "dialects/Interpreter/Arithmetic/Activations.h"
#include "dialects/Interpreter/Arithmetic/Idioms.h"
#include "dialects/Interpreter/Arithmetic/Linear.h"
#include "dialects/UKernel/UKernelOps.h"
#include "passes/Emit/Link.h"
#include "passes/Lower/Kernels.h"
#include "passes/Lower/ModuleFacts.h"
#include "runtime/cpu/Cpu.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Pair24.h"
#include "test/support/CompileCode.h"
#include "test/support/KernelCall.h"
#include "test/support/VnniEmulator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <set>
#include <sstream>

using namespace lobit;
using namespace lobit::test;

namespace {

constexpr int64_t maxRows = 40;

/// A CPU that has what an ISA needs and little more, so that a wrong instruction is a
/// crash, or an engine. `runner` is kernel-runner for its architecture, empty where it cannot be
/// built.
struct EmulatedCpu {
  Isa isa;
  const char *emulator;
  const char *runner;
};
constexpr EmulatedCpu emulatedCpus[] = {
    {Isa::X86V1, "qemu-x86_64-static -cpu qemu64,-ssse3", LOBIT_KERNEL_RUNNER},
    {Isa::Avx2, "qemu-x86_64-static -cpu Haswell", LOBIT_KERNEL_RUNNER},
    {Isa::Neon, LOBIT_QEMU_AARCH64 " -cpu cortex-a53", LOBIT_KERNEL_RUNNER_AARCH64},
    {Isa::NeonDotprod, LOBIT_QEMU_AARCH64 " -cpu cortex-a76", LOBIT_KERNEL_RUNNER_AARCH64},
    {Isa::NeonI8mm, LOBIT_QEMU_AARCH64 " -cpu max", LOBIT_KERNEL_RUNNER_AARCH64},
    {Isa::WasmSimd128, "node", LOBIT_SOURCE_DIR "/test/support/kernel-runner.mjs"},
    // Debian's node has no relaxed SIMD; tools/dev/fetch_web_tools.sh brings one that has.
    {Isa::WasmRelaxed, LOBIT_BINARY_DIR "/node/bin/node",
     LOBIT_SOURCE_DIR "/test/support/kernel-runner.mjs"},
};

bool isThere(const EmulatedCpu &cpu) {
  if (findIsa(cpu.isa)->arch != Arch::Wasm32)
    return *cpu.runner;
  return std::system((std::string(cpu.emulator) + " --version > /dev/null 2>&1").c_str()) == 0;
}

const EmulatedCpu *findEmulatedCpu(Isa isa) {
  for (const EmulatedCpu &cpu : emulatedCpus)
    if (cpu.isa == isa && isThere(cpu))
      return &cpu;
  return nullptr;
}

bool runsInThisProcess(Isa isa) {
  const IsaInfo &info = *findIsa(isa);
  if (info.arch != hostArch())
    return false;
  uint64_t features = detectCpuFeatures();
  if (info.requiredCpuFeatures & ~features & CpuAvx512Vnni)
    features |= installVnniEmulator() ? CpuAvx512Vnni : 0;
  return (info.requiredCpuFeatures & ~features) == 0;
}

enum class Data { Random, AllPlus, AllMinus, Alternating };

/// A function `name(frame)` that calls `kernel` on the inputs and outputs of the frame.
/// The kernel takes `outputs` buffers last before its numbers; or first, for act_quantize
/// the other way round: x is the only input.
void wrap(mlir::ModuleOp module, mlir::func::FuncOp kernel, const std::string &name,
          unsigned inputs, llvm::SmallVectorImpl<mlir::Attribute> &functions) {
  mlir::ImplicitLocOpBuilder b(module.getLoc(), module.getContext());
  b.setInsertionPointToEnd(module.getBody());
  mlir::Type frameType = uk::FrameType::get(module.getContext());
  auto wrapper = b.create<mlir::func::FuncOp>(name, b.getFunctionType(frameType, {}));
  b.setInsertionPointToStart(wrapper.addEntryBlock());
  mlir::Value frame = wrapper.getArgument(0);
  llvm::SmallVector<mlir::Value> operands;
  unsigned buffers = 0;
  for (mlir::Type type : kernel.getArgumentTypes()) {
    if (!mlir::isa<mlir::MemRefType>(type))
      break;
    bool isInput = buffers < inputs;
    operands.push_back(b.create<uk::BufferOp>(type,
                                              isInput ? uk::Section::Input : uk::Section::Output,
                                              frame, isInput ? buffers : buffers - inputs, 0));
    ++buffers;
  }
  for (uk::Field field :
       {uk::Field::FirstOutputRow, uk::Field::Rows, uk::Field::Thread, uk::Field::Threads})
    operands.push_back(b.create<uk::FieldOp>(b.getIndexType(), field, frame));
  if (operands.size() < kernel.getNumArguments())
    operands.push_back(frame);
  b.create<mlir::func::CallOp>(kernel, operands);
  b.create<mlir::func::ReturnOp>();
  functions.push_back(mlir::FlatSymbolRefAttr::get(wrapper.getSymNameAttr()));
}

/// Collects kernels of one module and the calls that check them.
class Suite {
public:
  void addLinear(LinearShape shape, Data data, int64_t limit = maxRows) {
    shape.maxRows = limit;
    linears.push_back(shape);
    uint32_t function = linears.size() + acts.size() - 1;
    order.push_back(true);
    std::mt19937 random(1000 + function);
    for (auto [rows, first, threads] : {std::tuple<int64_t, int64_t, int64_t>(1, 0, 1),
                                        {2, 0, 2},
                                        {4, 0, 3},
                                        {5, 1, 1},
                                        {9, 2, 2},
                                        {38, 1, 2},
                                        {15, 0, 3},
                                        {limit, 0, 2}})
      if (rows <= limit)
        calls.push_back(linearCall(shape, data, function, rows, first, threads, random));
  }

  void addActQuantize(ActShape shape) {
    shape.maxRows = maxRows;
    acts.push_back(shape);
    uint32_t function = linears.size() + acts.size() - 1;
    order.push_back(false);
    std::mt19937 random(2000 + function);
    calls.push_back(actCall(shape, function, 1, 1, 0.0f, random));
    calls.push_back(actCall(shape, function, 5, 3, 0.0f, random));
    calls.push_back(actCall(shape, function, 2, 1, std::numeric_limits<float>::infinity(), random));
    calls.push_back(
        actCall(shape, function, 2, 2, std::numeric_limits<float>::quiet_NaN(), random));
  }

  /// Compiles for `isa` and runs all calls.
  void check(Isa isa) {
    auto context = createContext();
    auto module = build(*context, isa);
    Result<std::string> code = link(*module, isa);
    ASSERT_TRUE(code.ok()) << code.status().message();
    run(isa, *code);
  }

  std::string assembly(Isa isa) {
    auto context = createContext();
    auto module = build(*context, isa);
    Result<std::string> text = compile(*module, isa, CodeForm::Assembly);
    EXPECT_TRUE(text.ok()) << text.status().message();
    return *text;
  }

private:
  mlir::OwningOpRef<mlir::ModuleOp> build(mlir::MLIRContext &context, Isa isa) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    llvm::SmallVector<mlir::Attribute> functions;
    size_t nextLinear = 0, nextAct = 0;
    for (bool isLinear : order) {
      std::string name = "test_" + std::to_string(functions.size());
      if (isLinear) {
        const LinearShape &shape = linears[nextLinear++];
        unsigned inputs = shape.isKept() ? 1 : actBuffers(&context, shape.actShape()).size();
        inputs += 1 + !shape.isKept() + shape.bias.has_value();
        wrap(*module, getOrCreateLinear(*module, shape, isa), name, inputs, functions);
      } else {
        wrap(*module, getOrCreateActQuantize(*module, acts[nextAct++], isa), name, 1, functions);
      }
    }
    (*module)->setAttr(codeTableAttr, mlir::ArrayAttr::get(&context, functions));
    return module;
  }

  static Result<std::string> link(mlir::ModuleOp module, Isa isa) {
    if (findIsa(isa)->arch != Arch::Wasm32)
      return compileSharedObject(module, isa);
    Result<std::string> object = compile(module, isa, CodeForm::Object);
    return object.ok() ? linkWasmModule(*object, LOBIT_WASM_RUNTIME) : object;
  }

  void run(Isa isa, const std::string &code) {
    if (const EmulatedCpu *cpu = findEmulatedCpu(isa))
      runEmulated(*cpu, code);
    if (!runsInThisProcess(isa))
      return;
    std::string error;
    const LobitCodeTable *table = loadCode(code, error);
    ASSERT_NE(table, nullptr) << error;
    ASSERT_EQ(table->functionCount, order.size());
    for (const KernelCall &call : calls)
      EXPECT_EQ(runCall(*table, call), "") << findIsa(isa)->word;
  }

  void runEmulated(const EmulatedCpu &cpu, const std::string &code) {
    std::string base = ::testing::TempDir() + "linear-kernels-" + std::to_string(getpid());
    Bytes serialized = serialize(calls);
    std::ofstream(base + ".code", std::ios::binary) << code;
    std::ofstream(base + ".calls", std::ios::binary)
        .write(reinterpret_cast<const char *>(serialized.data()), serialized.size());
    std::string command =
        std::string(cpu.emulator) + " " + cpu.runner + " " + base + ".code " + base + ".calls";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::remove((base + ".code").c_str());
    std::remove((base + ".calls").c_str());
  }

  static float randomScale(std::mt19937 &random, ScaleType type, Bytes &bytes) {
    // 2^-6 .. 2^3 with a random fraction, exact in f16.
    uint16_t bits = ((9 + random() % 10) << 10) | (random() & 0x3ff);
    float value = reference::widenF16(bits);
    auto *first = type == ScaleType::F16 ? reinterpret_cast<uint8_t *>(&bits)
                                         : reinterpret_cast<uint8_t *>(&value);
    bytes.insert(bytes.end(), first, first + (type == ScaleType::F16 ? 2 : 4));
    return value;
  }

  static float randomKept(std::mt19937 &random, Scheme scheme, Bytes &bytes) {
    std::normal_distribution<float> normal;
    float value = normal(random);
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    uint16_t half = bits >> 16;
    if (scheme == Scheme::BF16)
      value = reference::widenBF16(half);
    if (scheme == Scheme::F16) {
      half = (random() & 0x83ff) | ((random() % 20) << 10); // subnormals too
      value = reference::widenF16(half);
    }
    auto *first = scheme == Scheme::F32 ? reinterpret_cast<uint8_t *>(&value)
                                        : reinterpret_cast<uint8_t *>(&half);
    bytes.insert(bytes.end(), first, first + (scheme == Scheme::F32 ? 4 : 2));
    return value;
  }

  static std::vector<int8_t> makeCodes(const LinearShape &shape, Data data, std::mt19937 &random) {
    std::vector<int8_t> codes(shape.out * shape.in);
    const int smallest = findScheme(shape.scheme)->smallestCode;
    const int largest = findScheme(shape.scheme)->largestCode;
    for (size_t i = 0; i < codes.size(); ++i)
      switch (data) {
      case Data::Random:
        codes[i] = int(random() % unsigned(largest - smallest + 1)) + smallest;
        break;
      case Data::AllPlus:
        codes[i] = largest;
        break;
      case Data::AllMinus:
        codes[i] = smallest;
        break;
      case Data::Alternating: // agrees in sign with the activations
        codes[i] = i % shape.in % 2 ? largest : smallest;
        break;
      }
    if (shape.scheme != Scheme::Int6)
      return codes;
    for (int64_t row = 0; row < shape.out; ++row)
      for (int64_t first = 0; first < shape.in; first += 8) {
        unsigned nibble = kPair24Nibbles[random() % 6];
        for (int64_t k = first; k < std::min(first + 8, shape.in); ++k)
          if (!pair24Keeps(nibble, uint64_t(k)))
            codes[row * shape.in + k] = 0;
      }
    return codes;
  }

  static int8_t makeActivation(Data data, int64_t token, int64_t k, std::mt19937 &random) {
    switch (data) {
    case Data::Random:
      return int(random() % 256) - 128;
    case Data::AllPlus:
    case Data::AllMinus:
      return token % 2 ? 127 : -128;
    case Data::Alternating:
      return k % 2 ? 127 : -128;
    }
    return 0;
  }

  /// The buffers that act_quantize makes of q.
  static std::vector<Bytes> makeActBuffers(const ActShape &shape, int64_t rows,
                                           const std::vector<int8_t> &q,
                                           const std::vector<float> &scales) {
    int64_t padded = shape.paddedColumns();
    std::vector<int8_t> all(rows * padded, 0);
    for (int64_t t = 0; t < rows; ++t)
      std::memcpy(&all[t * padded], &q[t * shape.columns], shape.columns);
    if (shape.layout == Layout::T2Tl1) {
      Bytes tables(rows * padded * 16, 0);
      for (int64_t pair = 0; pair < rows * padded / 2; ++pair)
        for (int i = 0; i < 9; ++i) {
          int entry = (i / 3 - 1) * all[2 * pair] + (i % 3 - 1) * all[2 * pair + 1];
          tables[32 * pair + i] = entry & 255;
          tables[32 * pair + 16 + i] = (entry >> 8) & 255;
        }
      return {tables, bytesOf(scales)};
    }
    std::vector<int32_t> sums(rows * shape.groups(), 0);
    for (int64_t t = 0; t < rows; ++t)
      for (int64_t k = 0; k < shape.columns; ++k)
        sums[t * shape.groups() + k / shape.groupSize] += q[t * shape.columns + k];
    return {bytesOf(all), bytesOf(scales), bytesOf(sums)};
  }

  KernelCall linearCall(const LinearShape &shape, Data data, uint32_t function, int64_t rows,
                        int64_t first, int64_t threads, std::mt19937 &random) {
    KernelCall call;
    call.name = linearKernelName(shape, Isa::Avx2) + " rows " + std::to_string(rows);
    call.function = function;
    call.rows = rows;
    call.first = first;
    call.threads = threads;
    std::vector<float> y((rows - first) * shape.out);
    reference::Matrix matrix;
    matrix.rows = shape.out;
    matrix.columns = shape.in;

    Bytes weights, scaleBytes, biasBytes;
    std::vector<float> kept, scales, bias;
    std::vector<int8_t> codes;
    if (shape.isKept()) {
      for (int64_t i = 0; i < shape.out * shape.in; ++i)
        kept.push_back(randomKept(random, shape.scheme, weights));
      matrix.kept = kept.data();
    } else {
      codes = makeCodes(shape, data, random);
      Result<uint64_t> size = layoutBytes(shape.layout, shape.out, shape.in, 1);
      weights.resize(*size);
      Status status = encodeLayout(shape.layout, codes.data(), shape.out, shape.in, weights.data());
      EXPECT_TRUE(status.ok()) << status.message();
      for (int64_t i = 0; i < shape.scaleCount(); ++i)
        scales.push_back(randomScale(random, shape.scaleType, scaleBytes));
      matrix.codes = codes.data();
      matrix.scales = scales.data();
      matrix.granularity = shape.granularity;
      matrix.groupSize = shape.groupSize;
    }
    if (shape.bias)
      for (int64_t i = 0; i < shape.out; ++i)
        bias.push_back(randomKept(random, *shape.bias, biasBytes));

    if (shape.isKept()) {
      std::vector<float> x;
      Bytes bytes;
      for (int64_t i = 0; i < rows * shape.in; ++i)
        x.push_back(randomKept(random, Scheme::F32, bytes));
      call.inputs.push_back(bytes);
      for (int64_t t = first; t < rows; ++t)
        EXPECT_TRUE(reference::linear(matrix, bias.empty() ? nullptr : bias.data(),
                                      &x[t * shape.in], &y[(t - first) * shape.out]));
    } else {
      std::vector<int8_t> q;
      std::vector<float> activationScales;
      Bytes unused;
      for (int64_t t = 0; t < rows; ++t) {
        activationScales.push_back(randomScale(random, ScaleType::F32, unused));
        for (int64_t k = 0; k < shape.in; ++k)
          q.push_back(makeActivation(data, t, k, random));
      }
      ActShape acts = shape.actShape();
      call.inputs = makeActBuffers(acts, rows, q, activationScales);
      // A row that tiles may read and no result depends on.
      call.inputs[0].resize(
          call.inputs[0].size() + (acts.storedRows() - acts.maxRows) * acts.paddedColumns(), 0x5a);
      for (int64_t t = first; t < rows; ++t)
        for (int64_t row = 0; row < shape.out; ++row) {
          float &value = y[(t - first) * shape.out + row];
          value = reference::scaledDot(matrix, row, &q[t * shape.in], activationScales[t]);
          if (!bias.empty())
            value = value + bias[row];
        }
    }
    call.inputs.push_back(weights);
    if (!shape.isKept())
      call.inputs.push_back(scaleBytes);
    if (shape.bias)
      call.inputs.push_back(biasBytes);
    call.outputs.push_back(bytesOf(y));
    return call;
  }

  /// `special`, when not zero, replaces one value.
  KernelCall actCall(const ActShape &shape, uint32_t function, int64_t rows, int64_t threads,
                     float special, std::mt19937 &random) {
    KernelCall call;
    call.name = actQuantizeKernelName(shape, Isa::Avx2) + " rows " + std::to_string(rows);
    call.function = function;
    call.rows = rows;
    call.threads = threads;
    std::normal_distribution<float> normal;
    std::vector<float> x(rows * shape.columns);
    for (int64_t t = 0; t < rows; ++t) {
      // Row 3 is below the least scale, row 4 has ties: multiples of a half.
      float size = t == 3 ? 1e-7f : std::ldexp(1.0f, int(random() % 40) - 20);
      for (int64_t k = 0; k < shape.columns; ++k)
        x[t * shape.columns + k] = size * normal(random);
      if (t == 4)
        for (int64_t k = 0; k < shape.columns; ++k)
          x[t * shape.columns + k] = k == 0 ? -127.0f : float(int(random() % 253) - 126) / 2;
    }
    if (special != 0) {
      x[random() % x.size()] = special;
      call.nonfinite = true;
    }
    std::vector<int8_t> q(x.size());
    std::vector<float> scales(rows);
    for (int64_t t = 0; t < rows; ++t)
      if (!reference::quantizeActivations(&x[t * shape.columns], shape.columns,
                                          &q[t * shape.columns], scales[t]))
        EXPECT_TRUE(call.nonfinite);
    call.inputs.push_back(bytesOf(x));
    call.outputs = makeActBuffers(shape, rows, q, scales);
    return call;
  }

  std::vector<LinearShape> linears;
  std::vector<ActShape> acts;
  std::vector<bool> order;
  std::vector<KernelCall> calls;
};

LinearShape linearShape(Layout layout, int64_t out, int64_t in, Granularity granularity,
                        int64_t groupSize, ScaleType scaleType, std::optional<Scheme> bias) {
  LinearShape shape;
  shape.layout = layout;
  shape.scheme = layoutHolds(layout, Scheme::Int8)   ? Scheme::Int8
                 : layoutHolds(layout, Scheme::Int6) ? Scheme::Int6
                 : layoutHolds(layout, Scheme::Int4) ? Scheme::Int4
                                                     : Scheme::Ternary;
  shape.out = out;
  shape.in = in;
  shape.granularity = granularity;
  shape.groupSize = groupSize;
  shape.scaleType = scaleType;
  shape.bias = bias;
  return shape;
}

class LinearKernel : public ::testing::TestWithParam<Isa> {};

TEST_P(LinearKernel, TernaryShapes) {
  Suite suite;
  Data all[] = {Data::Random, Data::AllPlus, Data::AllMinus, Data::Alternating};
  int i = 0;
  for (Layout layout : {Layout::T2Dot, Layout::T2Tl1, Layout::T2Tile, Layout::B3Tile})
    for (auto [out, in] : {std::pair(1, 1),
                           {3, 5},
                           {4, 64},
                           {5, 255},
                           {7, 256},
                           {8, 257},
                           {31, 300},
                           {32, 600},
                           {33, 512},
                           {63, 31},
                           {70, 599},
                           {48, 100},
                           {2, 4109}}) {
      suite.addLinear(linearShape(layout, out, in, i % 3 ? Granularity::Tensor : Granularity::Row,
                                  0, ScaleType::F32, {}),
                      all[i % 4]);
      ++i;
    }
  // Sign-coherent extremes of long rows.
  for (Layout layout : {Layout::T2Dot, Layout::T2Tl1, Layout::T2Tile, Layout::B3Tile})
    for (Data data : {Data::AllPlus, Data::AllMinus, Data::Alternating})
      suite.addLinear(
          linearShape(layout, 5 + i++, 6912, Granularity::Tensor, 0, ScaleType::F32, {}), data);
  // More rows than share one set of tables of pairs.
  suite.addLinear(linearShape(Layout::T2Tile, 4130, 17, Granularity::Row, 0, ScaleType::F32, {}),
                  Data::Random);
  suite.check(GetParam());
}

TEST_P(LinearKernel, TernaryScales) {
  Suite suite;
  int i = 0;
  std::optional<Scheme> biases[] = {{}, Scheme::F32, Scheme::BF16, Scheme::F16};
  std::pair<int, int> shapes[] = {{3, 40}, {36, 300}, {33, 512}, {64, 255}, {6, 1290}};
  for (Layout layout : {Layout::T2Dot, Layout::T2Tl1, Layout::T2Tile, Layout::B3Tile})
    for (ScaleType scaleType : {ScaleType::F32, ScaleType::F16})
      for (int64_t group : {0, -1, 32, 64, 128, 256}) {
        if (layout == Layout::B3Tile && group > 0)
          continue; // its bytes cross groups
        auto [out, in] = shapes[i % 5];
        Granularity granularity = group == 0    ? Granularity::Tensor
                                  : group == -1 ? Granularity::Row
                                                : Granularity::Group;
        suite.addLinear(linearShape(layout, out, in, granularity, std::max<int64_t>(group, 0),
                                    scaleType, biases[i % 4]),
                        i % 2 ? Data::Alternating : Data::Random);
        ++i;
      }
  suite.check(GetParam());
}

TEST_P(LinearKernel, Int8AndInt4) {
  Suite suite;
  Data all[] = {Data::Random, Data::AllPlus, Data::AllMinus, Data::Alternating};
  int i = 0;
  for (Layout layout : {Layout::I8Dot, Layout::I8Tile, Layout::I4Tile})
    for (auto [out, in] : {std::pair(1, 1),
                           {4, 64},
                           {5, 63},
                           {33, 130},
                           {64, 600},
                           {7, 6912},
                           {6, 65},
                           {9, 66003}}) {
      suite.addLinear(linearShape(layout, out, in, Granularity::Row, 0,
                                  i % 2 ? ScaleType::F16 : ScaleType::F32,
                                  i % 3 ? std::optional<Scheme>() : Scheme::BF16),
                      all[i % 4]);
      ++i;
    }
  suite.check(GetParam());
}

TEST_P(LinearKernel, Int6) {
  Suite suite;
  Data all[] = {Data::Random, Data::AllPlus, Data::AllMinus, Data::Alternating};
  int i = 0;
  for (auto [out, in] :
       {std::pair(1, 1), {4, 64}, {5, 63}, {33, 130}, {64, 600}, {7, 6912}, {6, 65}, {9, 14336}}) {
    suite.addLinear(linearShape(Layout::I6Pair24, out, in, Granularity::Row, 0, ScaleType::F32,
                                i % 3 ? std::optional<Scheme>() : Scheme::BF16),
                    all[i % 4]);
    ++i;
  }
  suite.check(GetParam());
}

// 20 000 dot products of random codes and activations for each layout.
TEST_P(LinearKernel, RandomCases) {
  Suite suite;
  for (Layout layout :
       {Layout::T2Dot, Layout::T2Tl1, Layout::I8Dot, Layout::I6Pair24, Layout::I6Tile})
    for (auto [out, in] : {std::pair(253, 77), {301, 517}, {183, 258}, {381, 131}})
      suite.addLinear(linearShape(layout, out, in, Granularity::Row, 0, ScaleType::F32, {}),
                      Data::Random);
  suite.check(GetParam());
}

/// Whole and partial blocks of rows, vectors, column blocks, panels, steps and chunks.
TEST_P(LinearKernel, Int6Tile) {
  Suite suite;
  Data all[] = {Data::Random, Data::AllPlus, Data::AllMinus, Data::Alternating};
  int i = 0;
  const int64_t outs[] = {1, 48, 17, 33, 7, 64, 96};
  for (int64_t in : {1,   7,   8,   9,   15,  16,  17,   63,   64,   65,  127,
                     128, 200, 511, 512, 513, 600, 1030, 1100, 2050, 4100}) {
    suite.addLinear(linearShape(Layout::I6Tile, outs[i % 7], in, Granularity::Row, 0,
                                ScaleType::F32, i % 3 ? std::optional<Scheme>() : Scheme::BF16),
                    i % 2 ? Data::Random : all[i / 2 % 4]);
    ++i;
  }
  suite.check(GetParam());
}

/// The sums that come nearest to the ends of int16 and int32 lanes, and rows that are too
/// long for codes times four.
TEST_P(LinearKernel, Int6TileExtremes) {
  Suite suite;
  for (Data data : {Data::AllPlus, Data::AllMinus, Data::Alternating})
    suite.addLinear(linearShape(Layout::I6Tile, 5, 14336, Granularity::Row, 0, ScaleType::F32, {}),
                    data);
  for (int64_t in : {262080, 262081})
    suite.addLinear(linearShape(Layout::I6Tile, 1, in, Granularity::Row, 0, ScaleType::F32, {}),
                    Data::AllMinus, 1);
  suite.check(GetParam());
}

/// More tokens than share a panel, and activations that exceed a cache.
TEST_P(LinearKernel, Int6TileManyTokens) {
  Suite suite;
  suite.addLinear(linearShape(Layout::I6Tile, 7, 8200, Granularity::Row, 0, ScaleType::F32, {}),
                  Data::Random, 130);
  suite.addLinear(linearShape(Layout::I6Tile, 40, 600, Granularity::Row, 0, ScaleType::F32, {}),
                  Data::Random, 272);
  suite.addLinear(linearShape(Layout::I6Tile, 7, 70, Granularity::Row, 0, ScaleType::F32, {}),
                  Data::Random, 1);
  suite.check(GetParam());
}

TEST_P(LinearKernel, Kept) {
  Suite suite;
  int i = 0;
  for (Scheme scheme : {Scheme::F32, Scheme::F16, Scheme::BF16})
    for (auto [out, in] : {std::pair(1, 1), {5, 15}, {8, 16}, {7, 17}, {33, 600}, {12, 2560}}) {
      LinearShape shape;
      shape.layout = Layout::RowMajor;
      shape.scheme = scheme;
      shape.granularity = Granularity::None;
      shape.out = out;
      shape.in = in;
      if (i++ % 2)
        shape.bias = scheme;
      suite.addLinear(shape, Data::Random);
    }
  suite.check(GetParam());
}

TEST_P(LinearKernel, ActQuantize) {
  Suite suite;
  for (int64_t columns : {1, 15, 16, 63, 64, 255, 256, 300, 2560}) {
    suite.addActQuantize({0, columns, Layout::T2Dot, columns});
    suite.addActQuantize({0, columns, Layout::T2Tl1, columns});
    suite.addActQuantize({0, columns, Layout::I8Dot, columns});
    suite.addActQuantize({0, columns, Layout::T2Tile, columns});
    suite.addActQuantize({0, columns, Layout::B3Tile, columns});
  }
  suite.addActQuantize({0, 600, Layout::I6Pair24, 600});
  suite.addActQuantize({0, 600, Layout::I6Tile, 600});
  for (int64_t group : {32, 64, 128, 256})
    suite.addActQuantize({0, 650, Layout::T2Dot, group});
  suite.check(GetParam());
}

//===--- instructions --------------------------------------------------------===//

/// The mnemonics in an assembly text.
std::set<std::string> mnemonics(const std::string &assembly) {
  std::set<std::string> result;
  std::istringstream lines(assembly);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    if (line.rfind("\t", 0) != 0 || !(words >> word) || word[0] == '.' || word[0] == '#')
      continue;
    if (word[0] == '{') // "{vex}" names the encoding
      words >> word;
    result.insert(word);
  }
  return result;
}

std::string assemblyOf(Layout layout, Isa isa) {
  Suite suite;
  LinearShape shape =
      linearShape(layout, 64, 1024, Granularity::Row, 0,
                  layoutHolds(layout, Scheme::Int6) ? ScaleType::F32 : ScaleType::F16, {});
  if (shape.isKept()) {
    shape.scheme = Scheme::BF16;
    shape.granularity = Granularity::None;
  } else {
    suite.addActQuantize({0, 1024, layout, 1024});
  }
  suite.addLinear(shape, Data::Random);
  return suite.assembly(isa);
}

constexpr Layout layouts[] = {Layout::T2Dot,  Layout::T2Tl1,  Layout::I8Dot,  Layout::I6Pair24,
                              Layout::I6Tile, Layout::T2Tile, Layout::I8Tile, Layout::RowMajor,
                              Layout::B3Tile, Layout::I4Tile};

TEST(KernelInstructions, NothingBeyondSse2InTheBaseline) {
  for (Layout layout : layouts)
    for (const std::string &name : mnemonics(assemblyOf(layout, Isa::X86V1))) {
      EXPECT_NE(name[0], 'v') << name;
      for (const char *later :
           {"pshufb",   "pmaddubsw", "pabs",   "palignr",  "phadd",     "psign",  "pmulhrsw",
            "pmovsx",   "pmovzx",    "pmulld", "pmulldq",  "pmaxsd",    "pminsd", "pmaxsb",
            "pminsb",   "pextrb",    "pextrd", "pextrq",   "pinsrb",    "pinsrd", "pinsrq",
            "blend",    "pblend",    "round",  "ptest",    "packusdw",  "haddps", "movddup",
            "movshdup", "movsldup",  "lddqu",  "insertps", "extractps", "dpps",   "popcnt",
            "lzcnt",    "tzcnt",     "sarx",   "shlx",     "shrx",      "andn",   "cvtph"})
        EXPECT_NE(name.rfind(later, 0), 0u) << name;
    }
}

TEST(KernelInstructions, TheIdiomOfEachForm) {
  struct Expected {
    Layout layout;
    Isa isa;
    const char *name;
  };
  for (const Expected &e : {Expected{Layout::T2Dot, Isa::X86V1, "pmaddwd"},
                            {Layout::T2Dot, Isa::Avx2, "vpmaddubsw"},
                            {Layout::T2Dot, Isa::Avx2, "vpmaddwd"},
                            {Layout::T2Dot, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::T2Tl1, Isa::Avx2, "vpshufb"},
                            {Layout::T2Tl1, Isa::Avx512Vnni, "vpshufb"},
                            {Layout::I8Dot, Isa::X86V1, "pmaddwd"},
                            {Layout::I8Dot, Isa::Avx2, "vpmaddwd"},
                            {Layout::I8Dot, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::I6Tile, Isa::X86V1, "pmaddwd"},
                            {Layout::I6Tile, Isa::Avx2, "vpermd"},
                            {Layout::I6Tile, Isa::Avx2, "vpmaddubsw"},
                            {Layout::I6Tile, Isa::Avx512Vnni, "vpermd"},
                            {Layout::I6Tile, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::I6Tile, Isa::AvxVnni, "vpermd"},
                            {Layout::I6Tile, Isa::AvxVnni, "vpdpbusd"},
                            {Layout::I4Tile, Isa::Avx2, "vpmaddubsw"},
                            {Layout::I4Tile, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::I4Tile, Isa::NeonDotprod, "sdot"},
                            {Layout::I4Tile, Isa::WasmRelaxed, "i16x8.relaxed_dot_i8x16_i7x16_s"},
                            {Layout::B3Tile, Isa::AvxVnni, "vpdpbusd"},
                            {Layout::B3Tile, Isa::Avx512Vbmi, "vpermb"},
                            {Layout::T2Tile, Isa::Avx512Amx, "tdpbsud"},
                            {Layout::B3Tile, Isa::Avx512Amx, "tdpbsud"},
                            {Layout::I4Tile, Isa::Avx512Amx, "tdpbsud"},
                            {Layout::I8Tile, Isa::Avx512Amx, "tdpbsud"},
                            {Layout::I6Tile, Isa::Avx512Amx, "tdpbsud"},
                            {Layout::T2Tile, Isa::Avx512Amx, "tilerelease"},
                            {Layout::T2Dot, Isa::Avx2, "prefetcht0"},
                            {Layout::T2Dot, Isa::Neon, "smlal2"},
                            {Layout::T2Dot, Isa::Neon, "sadalp"},
                            {Layout::T2Dot, Isa::NeonDotprod, "sdot"},
                            {Layout::T2Dot, Isa::NeonI8mm, "sdot"},
                            {Layout::T2Dot, Isa::NeonI8mm, "usmmla"},
                            {Layout::T2Tl1, Isa::Neon, "tbl"},
                            {Layout::I8Dot, Isa::Neon, "smlal2"},
                            {Layout::I8Dot, Isa::NeonDotprod, "sdot"},
                            {Layout::I8Dot, Isa::NeonI8mm, "usdot"},
                            {Layout::I8Dot, Isa::NeonI8mm, "usmmla"},
                            {Layout::T2Dot, Isa::Neon, "prfm"},
                            {Layout::T2Dot, Isa::WasmSimd128, "i32x4.dot_i16x8_s"},
                            {Layout::T2Dot, Isa::WasmRelaxed, "i16x8.relaxed_dot_i8x16_i7x16_s"},
                            {Layout::T2Tl1, Isa::WasmSimd128, "i8x16.swizzle"},
                            {Layout::T2Tl1, Isa::WasmRelaxed, "i8x16.relaxed_swizzle"},
                            {Layout::T2Tile, Isa::WasmSimd128, "i8x16.swizzle"},
                            {Layout::T2Tile, Isa::WasmRelaxed, "i8x16.relaxed_swizzle"},
                            {Layout::I8Dot, Isa::WasmRelaxed, "i32x4.dot_i16x8_s"}})
    EXPECT_EQ(mnemonics(assemblyOf(e.layout, e.isa)).count(e.name), 1u)
        << e.name << " in " << findLayout(e.layout)->word << " for " << findIsa(e.isa)->word;
  EXPECT_EQ(mnemonics(assemblyOf(Layout::I8Dot, Isa::Avx2)).count("vpmaddubsw"), 0u);
}

/// The bodies of loops that contain no other label.
std::vector<std::vector<std::string>> innermostLoops(const std::string &assembly) {
  std::vector<std::vector<std::string>> result;
  std::istringstream lines(assembly);
  std::string label;
  std::vector<std::string> body;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(".LBB", 0) == 0) {
      label = line.substr(0, line.find(':'));
      body.clear();
      continue;
    }
    body.push_back(line);
    if (!label.empty() && line.rfind("\tj", 0) == 0 &&
        line.substr(line.find_last_of("\t ") + 1) == label)
      result.push_back(body);
  }
  return result;
}

TEST(KernelInstructions, TilesDoNotSpillInTheirInnermostLoops) {
  struct Expected {
    Layout layout;
    Isa isa;
    const char *idiom;
  };
  for (const Expected &e : {Expected{Layout::T2Tile, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::I8Tile, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::B3Tile, Isa::Avx512Vbmi, "vpdpbusd"},
                            {Layout::I6Tile, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::T2Tile, Isa::AvxVnni, "vpdpbusd"},
                            {Layout::I4Tile, Isa::Avx512Vnni, "vpdpbusd"},
                            {Layout::I4Tile, Isa::AvxVnni, "vpdpbusd"},
                            {Layout::I4Tile, Isa::Avx2, "vpmaddwd"},
                            {Layout::T2Tile, Isa::Avx2, "vpmaddubsw"}}) {
    unsigned loops = 0;
    for (const std::vector<std::string> &body : innermostLoops(assemblyOf(e.layout, e.isa))) {
      auto contains = [&](const char *text) {
        return std::any_of(body.begin(), body.end(), [&](const std::string &line) {
          return line.find(text) != std::string::npos;
        });
      };
      if (!contains(e.idiom))
        continue;
      ++loops;
      for (const std::string &line : body) {
        bool stores = line.find("\tvmov") == 0 && line.back() == ')';
        EXPECT_FALSE(stores && line.find("(%rsp") != std::string::npos)
            << findLayout(e.layout)->word << " for " << findIsa(e.isa)->word << ": " << line;
      }
    }
    EXPECT_GE(loops, 3u) << findLayout(e.layout)->word << " for " << findIsa(e.isa)->word;
  }
}

TEST(KernelInstructions, NoContraction) {
  unsigned count;
  const IsaInfo *isas = allIsas(count);
  for (unsigned i = 0; i < count; ++i)
    for (Layout layout : layouts)
      for (const std::string &name : mnemonics(assemblyOf(layout, isas[i].isa))) {
        for (const char *fused : {"fmadd", "fmsub", "fnmadd", "fnmsub", "fmla", "fmls"})
          EXPECT_EQ(name.find(fused), std::string::npos) << name;
      }
}

std::vector<Isa> runnableIsas() {
  std::vector<Isa> result;
  unsigned count;
  const IsaInfo *isas = allIsas(count);
  for (unsigned i = 0; i < count; ++i)
    if (runsInThisProcess(isas[i].isa) || findEmulatedCpu(isas[i].isa))
      result.push_back(isas[i].isa);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Isas, LinearKernel, ::testing::ValuesIn(runnableIsas()),
                         [](const auto &info) {
                           std::string name = findIsa(info.param)->word;
                           for (char &c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c)))
                               c = '_';
                           return name;
                         });

} // namespace
