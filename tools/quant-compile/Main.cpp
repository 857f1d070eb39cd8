/// \file
/// quant-compile: a model in, one file out.
#include "tools/quant-compile/Compile.h"
#include "tools/support/Tool.h"

int main(int argc, char **argv) {
  lobit::CompileOptions options;
  if (std::optional<int> code = lobit::parseCompileOptions(argc, argv, options))
    return *code;
  const lobit::Status status = lobit::compile(options);
  return status.ok() ? 0 : lobit::reportError("quant-compile", status);
}
