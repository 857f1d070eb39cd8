/// \file
/// Compiles a module as the compiler does and runs it as the runtime does.
#ifndef LOBIT_TEST_PASSES_PIPELINES_COMPILEDMODEL_H
#define LOBIT_TEST_PASSES_PIPELINES_COMPILEDMODEL_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "passes/Lower/ModuleFacts.h"
#include "passes/Lower/Operations.h"
#include "runtime/format/CodeAbi.h"
#include "runtime/format/Tables.h"

#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <string>
#include <vector>

namespace lobit::test {

/// A context with every dialect a module can have on its way.
std::unique_ptr<mlir::MLIRContext> createContext();

/// Seeded random tensors by name; the bytes of each are of the declared type.
class RandomTensors : public TensorSource {
public:
  explicit RandomTensors(uint32_t seed) : seed(seed) {}
  void add(const std::string &name, ElementType type, std::vector<int64_t> shape);
  Result<TensorData> load(std::string_view name) override;

private:
  uint32_t seed;
  std::map<std::string, TensorData, std::less<>> tensors;
};

/// Memory that starts at a multiple of 64 bytes.
class AlignedBytes {
public:
  explicit AlignedBytes(uint64_t size);
  ~AlignedBytes();
  AlignedBytes(const AlignedBytes &) = delete;
  uint8_t *data() { return bytes; }

private:
  uint8_t *bytes;
};

struct CallArguments {
  std::vector<const void *> inputs;
  std::vector<void *> outputs;
  uint64_t rows = 0;
  uint64_t position = 0;
  uint64_t firstOutputRow = 0;
};

class CompiledModel {
public:
  /// `module` is at the stage pack and is not changed.
  CompiledModel(mlir::ModuleOp module, TensorSource &source, Isa isa, int64_t maxRows);

  /// Empty, or why compiling failed.
  const std::string &error() const { return problem; }
  const ModuleFacts &facts() const { return memory; }
  const std::vector<TracedOperation> &operations() const { return table; }
  /// The rows that lm.head read in the last call.
  const float *hidden() {
    return reinterpret_cast<const float *>(scratch->data() + memory.hiddenOffset.value());
  }

  /// Runs function `index` of the code table on real threads. Returns the indices thread 0
  /// traced.
  std::vector<uint64_t> call(uint32_t index, unsigned threads, const CallArguments &arguments,
                             uint8_t *state);

  /// Whether the last call met NaN, infinity or what does not fit.
  bool nonfinite() const { return nonfiniteFlag != 0; }
  uint32_t functionCount() const { return code->functionCount; }
  const uint8_t *weights() { return weightBytes->data(); }

private:
  std::string compile(mlir::ModuleOp module, TensorSource &source, Isa isa, int64_t maxRows);

  std::string problem;
  ModuleFacts memory;
  std::vector<TracedOperation> table;
  std::unique_ptr<AlignedBytes> weightBytes, scratch;
  const LobitCodeTable *code = nullptr;
  uint32_t nonfiniteFlag = 0;
};

/// The instruction sets this machine can run, avx512vnni also by emulation.
std::vector<Isa> hostIsas();

} // namespace lobit::test

#endif // LOBIT_TEST_PASSES_PIPELINES_COMPILEDMODEL_H
