/// \file
/// How a text of any length is cut into windows of the context.
#ifndef LOBIT_TOOLS_QUANT_EVAL_WINDOWS_H
#define LOBIT_TOOLS_QUANT_EVAL_WINDOWS_H

#include <cstddef>
#include <vector>

namespace lobit {

/// Tokens [begin, end) are evaluated from an empty context (after the
/// beginning-of-sequence token, when there is one); [scored, end) are predicted and
/// counted.
struct Window {
  size_t begin, end, scored;
};

/// Every token is scored exactly once, except the first of the text when no token
/// stands before it. The first window holds `room` tokens; each later one begins half
/// a window further, so that its scored tokens have at least half a window before them.
std::vector<Window> cutWindows(size_t tokens, size_t room, bool haveBos);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_EVAL_WINDOWS_H
