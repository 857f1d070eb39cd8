/// \file
/// The table of --explain.
#ifndef LOBIT_TOOLS_QUANT_RUN_EXPLAIN_H
#define LOBIT_TOOLS_QUANT_RUN_EXPLAIN_H

#include "lobit/runtime.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace lobit {

/// One row an operation, in the order of execution; times are per call.
std::string explainTable(const rt::Session &session, const char *isa, const std::string &what);
nlohmann::json explainJson(const rt::Session &session, const char *isa);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_RUN_EXPLAIN_H
