#include "tools/quant-bench/Report.h"
#include "lobit/runtime.h"

#include <algorithm>
#include <cstdio>

using nlohmann::json;

namespace lobit {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double BenchRow::medianSeconds() const { return median(seconds); }

double BenchRow::spread() const {
  const auto [least, most] = std::minmax_element(seconds.begin(), seconds.end());
  return (*most - *least) / medianSeconds();
}

double BenchRow::roofline() const {
  const double reading = bytesPerSecond > 0 ? bytes / bytesPerSecond : 0;
  const double multiplying = macsPerSecond > 0 ? macs / macsPerSecond : 0;
  return std::max(reading, multiplying) / medianSeconds();
}

static std::string format(const char *pattern, double value) {
  char text[64];
  snprintf(text, sizeof(text), pattern, value);
  return text;
}

/// Columns as wide as their widest cell; all but the first three flush right.
static std::string table(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  for (const auto &row : rows)
    for (size_t c = 0; c < row.size(); ++c) {
      widths.resize(std::max(widths.size(), c + 1));
      widths[c] = std::max(widths[c], row[c].size());
    }
  std::string text;
  for (const auto &row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - row[c].size(), ' ');
      line += (c == 0 ? "" : "  ") + (c < 3 ? row[c] + pad : pad + row[c]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string machineText(const MachineFacts &machine, const Roofline &roofline) {
  std::string caches;
  for (const Cache &cache : machine.caches)
    caches += (caches.empty() ? "" : ", ") + cache.name + " " + std::to_string(cache.bytes >> 10) +
              " KiB for " + std::to_string(cache.cpus);
  std::string text = "lobit " + std::string(lobit_version()) + "\n";
  auto fact = [&](const char *name, const std::string &value) {
    if (!value.empty())
      text += std::string(name) + value + "\n";
  };
  fact("cpu         ", machine.cpu + ", " + std::to_string(machine.cpus) + " usable");
  fact("features    ", machine.features);
  fact("caches      ", caches);
  fact("memory      ", format("%.1f GiB", double(machine.memoryBytes) / double(1 << 30)));
  fact("system      ", machine.system);
  fact("governor    ", machine.governor);
  fact("huge pages  ", machine.hugePages);

  std::vector<std::vector<std::string>> lines = {
      {"limits", "", "isa", "threads", "read GB/s", "int8 GMAC/s", "dispatch us", "barrier us"}};
  for (const Limit &limit : roofline.limits())
    lines.push_back(
        {"", "", findIsa(limit.isa)->word, std::to_string(limit.threads),
         format("%.1f", limit.bytesPerSecond * 1e-9), format("%.0f", limit.macsPerSecond * 1e-9),
         format("%.2f", limit.dispatchSeconds * 1e6), format("%.2f", limit.barrierSeconds * 1e6)});
  return text + "\n" + table(lines) + "\n";
}

std::string rowsText(const std::vector<BenchRow> &rows) {
  std::vector<std::vector<std::string>> lines = {{"test", "form", "isa", "threads", "tokens", "us",
                                                  "spread", "tokens/s", "GMAC/s", "GB/s",
                                                  "read GB/s", "roofline"}};
  for (const BenchRow &row : rows) {
    const double seconds = row.medianSeconds();
    lines.push_back({row.test, row.form, findIsa(row.isa)->word, std::to_string(row.threads),
                     std::to_string(row.tokens), format("%.1f", seconds * 1e6),
                     format("%.0f %%", 100 * row.spread()),
                     format(row.tokensPerSecond() < 1000 ? "%.2f" : "%.0f", row.tokensPerSecond()),
                     format("%.1f", row.macs / seconds * 1e-9),
                     row.bytes > 0 ? format("%.1f", row.bytes / seconds * 1e-9) : "",
                     row.bytes > 0 ? format("%.1f", row.bytesPerSecond * 1e-9) : "",
                     format("%.0f %%", 100 * row.roofline())});
  }
  return table(lines);
}

json jsonReport(const MachineFacts &machine, const Roofline &roofline,
                const std::vector<BenchRow> &rows) {
  json caches = json::array(), limits = json::array(), results = json::array();
  for (const Cache &cache : machine.caches)
    caches.push_back({{"name", cache.name}, {"bytes", cache.bytes}, {"cpus", cache.cpus}});
  for (const Limit &limit : roofline.limits())
    limits.push_back({{"isa", findIsa(limit.isa)->word},
                      {"threads", limit.threads},
                      {"read_bytes_per_second", limit.bytesPerSecond},
                      {"int8_macs_per_second", limit.macsPerSecond},
                      {"dispatch_seconds", limit.dispatchSeconds},
                      {"barrier_seconds", limit.barrierSeconds}});
  for (const BenchRow &row : rows) {
    results.push_back({{"test", row.test},
                       {"isa", findIsa(row.isa)->word},
                       {"threads", row.threads},
                       {"tokens", row.tokens},
                       {"seconds", row.seconds},
                       {"median_seconds", row.medianSeconds()},
                       {"spread", row.spread()},
                       {"tokens_per_second", row.tokensPerSecond()},
                       {"bytes", row.bytes},
                       {"macs", row.macs},
                       {"read_bytes_per_second", row.bytesPerSecond},
                       {"int8_macs_per_second", row.macsPerSecond},
                       {"roofline", row.roofline()}});
    if (!row.form.empty())
      results.back()["form"] = row.form;
  }
  return {{"lobit", lobit_version()},
          {"machine",
           {{"cpu", machine.cpu},
            {"cpus", machine.cpus},
            {"features", machine.features},
            {"caches", caches},
            {"memory_bytes", machine.memoryBytes},
            {"system", machine.system},
            {"governor", machine.governor},
            {"huge_pages", machine.hugePages}}},
          {"limits", limits},
          {"results", results}};
}

} // namespace lobit
