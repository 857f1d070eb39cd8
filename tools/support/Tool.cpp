#include "tools/support/Tool.h"
#include "runtime/format/Tables.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace lobit {

int reportError(const char *tool, const Status &status) {
  fflush(stdout);
  fprintf(stderr, "%s: error: %s\n", tool, status.message().c_str());
  return statusExitCode(status.code());
}

int reportError(const char *tool, const rt::Error &error) {
  return reportError(tool, Status(StatusCode(error.status()), error.message()));
}

std::string versionText(const char *tool) {
  std::string text = std::string(tool) + " " + lobit_version() + " (";
#if defined(__clang__)
  text += std::string("clang ") + __clang_version__;
#elif defined(__GNUC__)
  text += std::string("gcc ") + __VERSION__;
#endif
#if defined(__x86_64__)
  text += ", x86_64)";
#elif defined(__aarch64__)
  text += ", aarch64)";
#else
  text += ")";
#endif
  return text;
}

const char *const kExitCodesHelp =
    "Exit codes: 0 ok, 1 check failed, 2 usage, 3 malformed input, 4 I/O, 5 unsupported,\n"
    "6 resource limit, 7 quality gate, 8 drift, 70 internal.";

Result<std::string> readTextFile(const std::string &path) {
  std::unique_ptr<FILE, int (*)(FILE *)> file(fopen(path.c_str(), "rbe"), fclose);
  if (!file)
    return Status(StatusCode::IO, path + ": cannot be opened: " + strerror(errno));
  std::string text;
  char part[65536];
  while (size_t got = fread(part, 1, sizeof(part), file.get()))
    text.append(part, got);
  if (ferror(file.get()))
    return Status(StatusCode::IO, path + ": cannot be read: " + strerror(errno));
  return text;
}

Result<std::vector<uint32_t>> parseTokens(const std::string &text) {
  std::vector<uint32_t> tokens;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    uint64_t value = 0;
    bool number = !word.empty() && word.size() <= 10;
    for (char c : word) {
      number &= c >= '0' && c <= '9';
      value = value * 10 + uint64_t(c - '0');
    }
    if (!number || value > UINT32_MAX)
      return Status(StatusCode::INVALID_ARGUMENT,
                    "'" + word + "' is no token id; write ids as 1,2,3");
    tokens.push_back(uint32_t(value));
    begin = end + 1;
  }
  return tokens;
}

Result<uint64_t> parseCpuFeatures(const std::string &words) {
  uint64_t mask = 0;
  for (size_t begin = 0; begin < words.size();) {
    size_t end = std::min(words.find(',', begin), words.size());
    std::string name = words.substr(begin, end - begin);
    uint64_t found = 0;
#define LOBIT_CPU_FEATURE(EnumName, bit, word)                                                     \
  if (name == word)                                                                                \
    found = EnumName;
#include "runtime/format/CpuFeatures.inc"
    if (!found)
      return Status(StatusCode::INVALID_ARGUMENT, "there is no CPU feature named '" + name + "'");
    mask |= found;
    begin = end + 1;
  }
  return mask;
}

} // namespace lobit
