/// \file
/// What --explain prints: every operation with its kernel, bytes and time.
#ifndef LOBIT_TOOLS_QUANT_RUN_EXPLAIN_H
#define LOBIT_TOOLS_QUANT_RUN_EXPLAIN_H

#include "lobit/runtime.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace lobit {

/// What the operations themselves do not know.
struct ExplainFacts {
  const char *isa = "";
  /// Measured in the same run, 0: not measured.
  double readBytesPerSecond = 0;
  /// Bytes of the KV cache that one call read, mean over the calls and all layers.
  double cacheBytes = 0;
};

/// A table with the title `what`.
std::string explainTable(const rt::Session &session, const ExplainFacts &facts,
                         const std::string &what);
nlohmann::json explainJson(const rt::Session &session, const ExplainFacts &facts);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_RUN_EXPLAIN_H
