/// \file
/// The words of --target.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_TARGETS_H
#define LOBIT_TOOLS_QUANT_COMPILE_TARGETS_H

#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include <string>
#include <vector>

namespace lobit {

/// host, x86, or words separated by commas; sorted, each once. INVALID_ARGUMENT names
/// the words that are known.
Result<std::vector<Isa>> parseTargets(const std::string &text);

/// With the baseline of each architecture.
std::vector<Isa> withBaselines(std::vector<Isa> isas);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_TARGETS_H
