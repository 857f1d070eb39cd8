/// \file
/// One line on stderr that says what is being done, when stderr is a terminal.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_PROGRESS_H
#define LOBIT_TOOLS_QUANT_COMPILE_PROGRESS_H

#include <cstddef>
#include <string>

namespace lobit {

class Progress {
public:
  Progress();
  ~Progress();
  void show(const std::string &text);
  void show(const char *action, size_t done, size_t total, const std::string &name);

private:
  bool isTerminal_;
  size_t width_ = 0;
};

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_PROGRESS_H
