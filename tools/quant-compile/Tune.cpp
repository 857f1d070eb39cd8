#include "tools/quant-compile/Tune.h"

#include "dialects/Lobit/LobitOps.h"
#include "passes/Pipelines/Pipelines.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/CodeAbi.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/platform/Memory.h"
#include "runtime/platform/Thread.h"
#include "tools/quant-compile/Code.h"
#include "tools/quant-compile/Diagnostics.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <tuple>

using namespace mlir;

namespace lobit {
namespace {

/// Weights that a call does not find in any cache.
constexpr uint64_t kColdBytes = 256u << 20;
constexpr unsigned kRounds = 9;

/// The shape of linear layers that most weights have.
std::pair<int64_t, int64_t> commonestShape(ModuleOp module) {
  std::map<std::pair<int64_t, int64_t>, int64_t> weights;
  module.walk([&](lb::LinearOp op) {
    auto type = cast<lb::WeightType>(op.getWeight().getType());
    weights[{type.getRows(), type.getColumns()}] += type.getRows() * type.getColumns();
  });
  auto most = std::max_element(weights.begin(), weights.end(),
                               [](const auto &a, const auto &b) { return a.second < b.second; });
  return most == weights.end() ? std::pair<int64_t, int64_t>() : most->first;
}

/// A module with one ternary layer in `layout`.
std::string layerText(int64_t rows, int64_t columns, const char *layout) {
  const std::string shape = std::to_string(rows) + "x" + std::to_string(columns);
  const std::string in = "tensor<1x" + std::to_string(columns) + "xf32>";
  const std::string out = "tensor<1x" + std::to_string(rows) + "xf32>";
  const std::string codes = "!lobit.weight<" + shape + ", #lobit.ternary<tensor, f32>>";
  const std::string packed =
      "!lobit.weight<" + shape + ", #lobit.ternary<tensor, f32>, " + layout + ">";
  return "module attributes {lobit.model = {kind = \"function\"}} {\n"
         "func.func @main(%x: " +
         in + ") -> " + out +
         " attributes {lobit.entry} {\n"
         "%w = lobit.weight \"w\" : !lobit.weight<" +
         shape +
         "xf32>\n"
         "%q = lobit.quantize \"absmean\" %w : !lobit.weight<" +
         shape + "xf32> to " + codes +
         "\n"
         "%p = lobit.pack %q : " +
         codes + " to " + packed +
         "\n"
         "%y = lobit.linear %x, %p {lobit.name = \"w\"} : " +
         in + ", " + packed + " -> " + out + "\nreturn %y : " + out + "\n}\n}\n";
}

Result<TargetCode> layerCode(MLIRContext &context, const std::string &text, Isa isa) {
  Diagnostics diagnostics(&context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  PassManager manager(&context, ModuleOp::getOperationName());
  addPlanPasses(manager);
  if (!module || failed(manager.run(*module)))
    return diagnostics.status(StatusCode::INTERNAL, "tune");
  Result<std::vector<TargetCode>> codes = generateCode(*module, {isa}, CodeOptions());
  if (!codes.ok())
    return std::move(codes).status();
  return std::move((*codes)[0]);
}

/// A shared object made by this program.
class Library {
public:
  static Result<Library> load(const TargetCode &code) {
    ByteView bytes{reinterpret_cast<const uint8_t *>(code.bytes.data()), code.bytes.size()};
    Library library;
    Result<platform::SealedCopy> copy = platform::SealedCopy::make(bytes, "lobit-tune");
    if (!copy.ok())
      return std::move(copy).status();
    library.copy_ = std::move(copy).value();
    const std::string path = "/proc/self/fd/" + std::to_string(library.copy_.descriptor());
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    auto query =
        handle ? reinterpret_cast<LobitCodeQuery>(dlsym(handle, LOBIT_CODE_SYMBOL)) : nullptr;
    if (!query)
      return Status(StatusCode::INTERNAL, std::string("tune: ") + dlerror());
    library.table_ = static_cast<const LobitCodeTable *>(query(LOBIT_CODE_ABI));
    return library;
  }
  /// The one layer's function.
  LobitFunction layer() const { return table_->functions[1]; }

private:
  platform::SealedCopy copy_;
  const LobitCodeTable *table_ = nullptr;
};

/// Median microseconds of one token with weights in memory.
Result<double> measure(const TargetCode &code, Layout layout, int64_t rows, int64_t columns) {
  Result<Library> library = Library::load(code);
  if (!library.ok())
    return std::move(library).status();
  Result<uint64_t> bytes = layoutBytes(layout, rows, columns, 1);
  if (!bytes.ok())
    return std::move(bytes).status();
  const uint64_t stride = roundUp(*bytes, 4096), copies = ceilDiv(kColdBytes, stride);
  Result<platform::Memory> weights = platform::Memory::allocate(stride * copies, "tuning");
  Result<platform::Memory> scratch = platform::Memory::allocate(code.scratchBytes, "tuning");
  if (!weights.ok() || !scratch.ok())
    return std::move(weights.ok() ? scratch : weights).status();
  std::vector<int8_t> codes(rows * columns);
  for (size_t i = 0; i < codes.size(); ++i)
    codes[i] = int8_t(i * 2654435761u >> 16) % 3 % 2;
  if (Status status = encodeLayout(layout, codes.data(), rows, columns, weights->data());
      !status.ok())
    return status;
  for (uint64_t i = 1; i < copies; ++i)
    std::memcpy(weights->data() + i * stride, weights->data(), *bytes);

  std::vector<float> x(columns, 1.0f), y(rows);
  const float scale = 1.0f;
  const void *inputs[4] = {x.data(), nullptr, &scale, nullptr};
  void *outputs[1] = {y.data()};
  uint32_t nonfinite = 0;
  LobitFrame frame = {};
  frame.threads = frame.rows = 1;
  frame.scratch = scratch->data();
  frame.inputs = inputs;
  frame.outputs = outputs;
  frame.nonfinite = &nonfinite;
  frame.barrier = [](void *) {};
  std::vector<double> times;
  for (unsigned round = 0; round < kRounds; ++round) {
    const uint64_t start = platform::nowNanoseconds();
    for (uint64_t i = 0; i < copies; ++i) {
      inputs[1] = weights->data() + i * stride;
      library->layer()(&frame);
    }
    times.push_back(double(platform::nowNanoseconds() - start) / 1000 / double(copies));
  }
  std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
  return times[kRounds / 2];
}

} // namespace

Result<Tuning> tuneKernel(ModuleOp module, Isa isa) {
  Tuning tuning;
  tuning.isa = findIsa(isa)->word;
  std::tie(tuning.rows, tuning.columns) = commonestShape(module);
  if (!tuning.rows)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--tune: expected a model with linear layers, found none");
  for (const char *word : {"tile", "base3", "dot"}) {
    const Layout layout =
        executionLayout(Scheme::Ternary, Granularity::Tensor, *parseKernelForm(word));
    const char *name = findLayout(layout)->word;
    Result<TargetCode> code =
        layerCode(*module.getContext(), layerText(tuning.rows, tuning.columns, name), isa);
    if (!code.ok())
      return std::move(code).status();
    Result<double> time = measure(*code, layout, tuning.rows, tuning.columns);
    if (!time.ok())
      return std::move(time).status();
    tuning.forms.push_back({word, name, *time});
  }
  std::sort(tuning.forms.begin(), tuning.forms.end(), [](const TunedForm &a, const TunedForm &b) {
    return std::tie(a.microseconds, a.kernel) < std::tie(b.microseconds, b.kernel);
  });
  return tuning;
}

std::string tuningText(const Tuning &tuning) {
  std::string text = "tuned on " + std::to_string(tuning.rows) + "x" +
                     std::to_string(tuning.columns) + " with " + tuning.isa + ":";
  char form[64];
  for (const TunedForm &f : tuning.forms) {
    std::snprintf(form, sizeof(form), "%s %s %.1f us", &f == tuning.forms.data() ? "" : ",",
                  f.kernel.c_str(), f.microseconds);
    text += form;
  }
  return text + "\n";
}

} // namespace lobit
