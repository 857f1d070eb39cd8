#include "tools/quant-eval/Windows.h"

#include <algorithm>

namespace lobit {

std::vector<Window> cutWindows(size_t tokens, size_t room, bool haveBos) {
  std::vector<Window> windows;
  size_t scored = haveBos ? 0 : 1;
  const size_t step = std::max<size_t>(room / 2, 1);
  for (size_t begin = 0; scored < tokens; begin += step) {
    size_t end = std::min(begin + room, tokens);
    if (end > scored) {
      windows.push_back({begin, end, scored});
      scored = end;
    }
  }
  return windows;
}

} // namespace lobit
