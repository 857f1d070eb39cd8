#include "tools/quant-run/Explain.h"

#include <algorithm>
#include <cstring>

namespace lobit {
namespace {

struct Operation {
  lobit_operation_info info;
  /// Weights and cache that one call reads.
  double bytes;
};

bool isAttention(const lobit_operation_info &info) {
  const std::string label = info.label, end = ".attention";
  return label.size() > end.size() &&
         label.compare(label.size() - end.size(), end.size(), end) == 0;
}

std::vector<Operation> operations(const rt::Session &session, const ExplainFacts &facts) {
  std::vector<Operation> all;
  double caches = 0;
  for (uint32_t i = 0; i < lobit_session_operation_count(session.get()); ++i) {
    auto info = rt::make<lobit_operation_info>();
    lobit_session_get_operation(session.get(), i, &info);
    caches += isAttention(info);
    if (info.calls != 0)
      all.push_back({info, double(info.weight_bytes)});
  }
  for (Operation &op : all)
    if (isAttention(op.info))
      op.bytes += facts.cacheBytes / caches;
  return all;
}

/// The share of the measured bandwidth, 0 when there is none.
double share(const ExplainFacts &facts, double bytes, double seconds) {
  return facts.readBytesPerSecond > 0 && seconds > 0 ? bytes / seconds / facts.readBytesPerSecond
                                                     : 0;
}

} // namespace

std::string explainTable(const rt::Session &session, const ExplainFacts &facts,
                         const std::string &what) {
  std::vector<Operation> all = operations(session, facts);
  if (all.empty())
    return "no operation was recorded\n";
  double total = 0, bytes = 0;
  size_t label = 9, kernel = 6, layout = 6;
  for (const Operation &op : all) {
    total += op.info.seconds;
    bytes += op.bytes * double(op.info.calls);
    label = std::max(label, strlen(op.info.label));
    kernel = std::max(kernel, strlen(op.info.kernel));
    layout = std::max(layout, strlen(op.info.layout));
  }
  char line[1024];
  std::string text = what + "\n";
  if (facts.readBytesPerSecond > 0) {
    snprintf(line, sizeof(line), "This machine reads %.1f GB/s with these threads.\n",
             facts.readBytesPerSecond * 1e-9);
    text += line;
  }
  auto row = [&](const char *a, const char *b, const char *i, const char *c, const char *rest) {
    snprintf(line, sizeof(line), "%-*s  %-*s  %-*s  %-*s  %s\n", int(label), a, int(kernel), b,
             int(strlen(facts.isa)), i, int(layout), c, rest);
    text += line;
  };
  auto numbers = [&](double calls, double opBytes, double seconds) {
    char rest[128];
    double rate = seconds > 0 ? opBytes * calls / seconds * 1e-9 : 0;
    snprintf(rest, sizeof(rest), "%12.0f %10.2f %8.2f %6.1f %% %6.1f %%", opBytes,
             seconds / calls * 1e6, rate, 100 * share(facts, opBytes * calls, seconds),
             total > 0 ? 100 * seconds / total : 0);
    return std::string(rest);
  };
  row("operation", "kernel", "isa", "layout", "  bytes read    us/call     GB/s  of read     time");
  for (const Operation &op : all)
    row(op.info.label, op.info.kernel, facts.isa, op.info.layout,
        numbers(double(op.info.calls), op.bytes, op.info.seconds).c_str());
  double calls = double(all.front().info.calls);
  row("total", "", "", "", numbers(calls, bytes / calls, total).c_str());
  return text;
}

nlohmann::json explainJson(const rt::Session &session, const ExplainFacts &facts) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Operation &op : operations(session, facts))
    rows.push_back(
        {{"operation", op.info.label},
         {"kernel", op.info.kernel},
         {"isa", facts.isa},
         {"layout", op.info.layout},
         {"weight_bytes", op.info.weight_bytes},
         {"bytes_read", op.bytes},
         {"flops_per_row", op.info.flops},
         {"calls", op.info.calls},
         {"seconds", op.info.seconds},
         {"share_of_read", share(facts, op.bytes * double(op.info.calls), op.info.seconds)}});
  return rows;
}

} // namespace lobit
