#include "tools/quant-compile/Progress.h"

#include <cstdio>
#include <unistd.h>

namespace lobit {

Progress::Progress() : isTerminal_(isatty(STDERR_FILENO)) {}

Progress::~Progress() { show(""); }

void Progress::show(const std::string &text) {
  if (!isTerminal_ || (text.empty() && !width_))
    return;
  const std::string line = text.substr(0, 78);
  std::fprintf(stderr, "\r%s%*s%s", line.c_str(),
               int(width_ > line.size() ? width_ - line.size() : 0), "", text.empty() ? "\r" : "");
  width_ = line.size();
}

void Progress::show(const char *action, size_t done, size_t total, const std::string &name) {
  show("[" + std::to_string(done) + "/" + std::to_string(total) + "] " + action + " " + name);
}

} // namespace lobit
