/// \file
/// Native code for one target, made in a child process.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_CODE_H
#define LOBIT_TOOLS_QUANT_COMPILE_CODE_H

#include "passes/Pipelines/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"
#include "runtime/format/Artifact.h"

#include <string>
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

/// Lowers clones of the planned module and generates code. LLVM is not hardened: each
/// target runs in its own process, at most `processes` at a time, so that a crash becomes
/// an INTERNAL status. `querySuffix` is appended to the name of the exported function. One
/// call takes up to `maxRows` tokens.
Result<std::vector<TargetCode>> generateCode(mlir::ModuleOp planned, const std::vector<Isa> &isas,
                                             CodeProduct product, unsigned processes,
                                             bool suffixQuery = false,
                                             int64_t maxRows = defaultMaxRows);

/// "lobit_code_query__avx512vnni": the exported function of a suffixed object.
std::string suffixedQuery(Isa isa);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_CODE_H
