/// \file
/// A language model compiled for this machine while it is being compiled, to be looked at.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_HOSTMODEL_H
#define LOBIT_TOOLS_QUANT_COMPILE_HOSTMODEL_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "lobit/runtime.hpp"
#include "mlir/IR/BuiltinOps.h"

namespace lobit {

class HostModel {
public:
  struct Options {
    /// Beside this file lies the code while it is being loaded; "-": in $TMPDIR.
    std::string path;
    /// Tokens of one call.
    uint64_t rows = 0;
    unsigned threads = 1;
  };
  /// Compiles `module`, which it changes: the stages pack, lower and emit.
  static Result<HostModel> create(mlir::ModuleOp module, TensorSource *source,
                                  const Options &options);
  /// The entry function on a new context: all its results, [rows, columns] each.
  Status run(const std::vector<uint32_t> &tokens, std::vector<std::vector<float>> &results);

private:
  rt::Model model_;
  rt::Code code_;
  rt::Session session_;
  std::vector<uint64_t> columns_;
};

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_HOSTMODEL_H
