#include "tools/quant-run/Explain.h"

#include <algorithm>
#include <cstring>

namespace lobit {

static std::vector<lobit_operation_info> operations(const rt::Session &session) {
  std::vector<lobit_operation_info> all;
  for (uint32_t i = 0; i < lobit_session_operation_count(session.get()); ++i) {
    auto info = rt::make<lobit_operation_info>();
    lobit_session_get_operation(session.get(), i, &info);
    if (info.calls != 0)
      all.push_back(info);
  }
  return all;
}

std::string explainTable(const rt::Session &session, const char *isa, const std::string &what) {
  std::vector<lobit_operation_info> all = operations(session);
  if (all.empty())
    return "no operation was recorded\n";
  double total = 0, bytes = 0;
  size_t label = 9, kernel = 6, layout = 6;
  for (const lobit_operation_info &op : all) {
    total += op.seconds;
    bytes += double(op.weight_bytes) * double(op.calls);
    label = std::max(label, strlen(op.label));
    kernel = std::max(kernel, strlen(op.kernel));
    layout = std::max(layout, strlen(op.layout));
  }
  std::string text = what + "\n";
  char line[1024];
  auto row = [&](const char *a, const char *b, const char *i, const char *c, const char *rest) {
    snprintf(line, sizeof(line), "%-*s  %-*s  %-*s  %-*s  %s\n", int(label), a, int(kernel), b,
             int(strlen(isa)), i, int(layout), c, rest);
    text += line;
  };
  auto numbers = [&](double calls, double opBytes, double seconds) {
    char rest[128];
    double rate = seconds > 0 ? opBytes * calls / seconds * 1e-9 : 0;
    snprintf(rest, sizeof(rest), "%12.0f %10.2f %8.2f %6.1f %%", opBytes, seconds / calls * 1e6,
             rate, total > 0 ? 100 * seconds / total : 0);
    return std::string(rest);
  };
  row("operation", "kernel", "isa", "layout", "weight bytes    us/call     GB/s    share");
  for (const lobit_operation_info &op : all)
    row(op.label, op.kernel, isa, op.layout,
        numbers(double(op.calls), double(op.weight_bytes), op.seconds).c_str());
  double calls = double(all.front().calls);
  row("total", "", "", "", numbers(calls, bytes / calls, total).c_str());
  return text;
}

nlohmann::json explainJson(const rt::Session &session, const char *isa) {
  nlohmann::json rows = nlohmann::json::array();
  for (const lobit_operation_info &op : operations(session))
    rows.push_back({{"operation", op.label},
                    {"kernel", op.kernel},
                    {"isa", isa},
                    {"layout", op.layout},
                    {"weight_bytes", op.weight_bytes},
                    {"flops_per_row", op.flops},
                    {"calls", op.calls},
                    {"seconds", op.seconds}});
  return rows;
}

} // namespace lobit
