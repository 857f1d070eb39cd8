/// \file
/// From a model to a file: the stages in order.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_COMPILE_H
#define LOBIT_TOOLS_QUANT_COMPILE_COMPILE_H

#include "runtime/format/Status.h"
#include "tools/quant-compile/Options.h"

namespace lobit {

Status compile(const CompileOptions &options);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_COMPILE_H
