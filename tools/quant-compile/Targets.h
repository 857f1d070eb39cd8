/// \file
/// The words of --target.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_TARGETS_H
#define LOBIT_TOOLS_QUANT_COMPILE_TARGETS_H

#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include <string>
#include <vector>

namespace lobit {

/// Words of targetWords() separated by commas; sorted, each once. INVALID_ARGUMENT names
/// the words that are known.
Result<std::vector<Isa>> parseTargets(const std::string &text);

/// "host, x86, arm, ": every word of --target.
std::string targetWords();

/// All targets as a table or as JSON.
std::string listTargets(bool json);

/// The target of rank 0.
Isa baselineOf(Arch arch);

/// With the baseline of each architecture.
std::vector<Isa> withBaselines(std::vector<Isa> isas);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_TARGETS_H
