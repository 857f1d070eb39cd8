/// \file
/// quant-compile: a model in, one file out.
#include "tools/quant-compile/Compile.h"
#include "tools/quant-compile/Targets.h"
#include "tools/support/Tool.h"

#include <cstdio>

int main(int argc, char **argv) {
  lobit::CompileOptions options;
  if (std::optional<int> code = lobit::parseCompileOptions(argc, argv, options))
    return *code;
  if (options.listTargets) {
    std::fputs(lobit::listTargets(options.json).c_str(), stdout);
    return 0;
  }
  const lobit::Status status = lobit::compile(options);
  return status.ok() ? 0 : lobit::reportError("quant-compile", status);
}
