/// \file
/// Native code for some targets, made in child processes.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_CODE_H
#define LOBIT_TOOLS_QUANT_COMPILE_CODE_H

#include "passes/Pipelines/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"
#include "runtime/format/Artifact.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace lobit {

/// What is asked for; Image is the linked shared object.
enum class CodeProduct { Mlir, Llvm, Assembly, Object, Image };

struct TargetCode {
  Isa isa = Isa::X86V1;
  std::string bytes;
  uint64_t scratchBytes = 0, stateBytes = 0, maxRows = 0;
  std::optional<uint64_t> hiddenOffset;
  std::vector<OperationInfo> operations;
  std::vector<LinearInfo> linears;
};

struct CodeOptions {
  CodeProduct product = CodeProduct::Image;
  /// At most so many run at a time.
  unsigned processes = 1;
  /// Whether the name of the exported function ends in the target's.
  bool suffixQuery = false;
  /// Tokens of one call.
  int64_t maxRows = defaultMaxRows;
};

/// Lowers clones of a planned module and generates code. LLVM is not hardened: each target runs
/// in its own process, so that a crash becomes an INTERNAL status. The processes run beside the
/// caller, who must have no other thread when one may start: in the constructor, in `advance`
/// and in `finish`.
class CodeGeneration {
public:
  CodeGeneration(mlir::ModuleOp planned, std::vector<Isa> isas, const CodeOptions &options);
  /// Ends processes that still run.
  ~CodeGeneration();
  CodeGeneration(const CodeGeneration &) = delete;
  CodeGeneration &operator=(const CodeGeneration &) = delete;

  /// Takes what is there and starts what may start, without waiting; true when all have ended.
  bool advance() { return step(/*waits=*/false); }
  /// Waits for all; once.
  Result<std::vector<TargetCode>> finish();

private:
  struct Child {
    pid_t process = -1;
    int pipe = -1; ///< closed when the process has ended
    std::string text;
    Status failure;
  };
  bool step(bool waits);
  void startNext();
  void takeFrom(Child &child);

  mlir::ModuleOp planned_;
  std::vector<Isa> isas_;
  CodeOptions options_;
  std::vector<Child> children_;
  bool failed_ = false;
};

/// All of that at once.
Result<std::vector<TargetCode>> generateCode(mlir::ModuleOp planned, const std::vector<Isa> &isas,
                                             const CodeOptions &options);

/// "lobit_code_query__avx512vnni": the exported function of a suffixed object.
std::string suffixedQuery(Isa isa);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_CODE_H
