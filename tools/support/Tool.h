/// \file
/// What every command-line tool does the same way.
#ifndef LOBIT_TOOLS_SUPPORT_TOOL_H
#define LOBIT_TOOLS_SUPPORT_TOOL_H

#include "lobit/runtime.hpp"
#include "runtime/format/Status.h"

#include <string>
#include <vector>

namespace lobit {

/// "error: message" on stderr; the exit code of the status.
int reportError(const char *tool, const Status &status);
int reportError(const char *tool, const rt::Error &error);

/// The text after --version: version, compiler and target.
std::string versionText(const char *tool);
/// The exit codes, for the end of --help.
extern const char *const kExitCodesHelp;

/// Whole file as text. IO with the reason.
Result<std::string> readTextFile(const std::string &path);

/// "1,2,3" as ids. INVALID_ARGUMENT naming what is no number.
Result<std::vector<uint32_t>> parseTokens(const std::string &text);

/// "avx2,avx512_vnni" as a mask.
Result<uint64_t> parseCpuFeatures(const std::string &words);

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_TOOL_H
