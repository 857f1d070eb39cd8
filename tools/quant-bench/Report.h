/// \file
/// Results, as a table and as JSON.
#ifndef LOBIT_TOOLS_QUANT_BENCH_REPORT_H
#define LOBIT_TOOLS_QUANT_BENCH_REPORT_H

#include "tools/quant-bench/Machine.h"
#include "tools/quant-bench/Roofline.h"

#include <nlohmann/json.hpp>
#include <string>

namespace lobit {

/// One test: a call of a kernel, or a prompt or a text of a model.
struct BenchRow {
  std::string test; ///< "6912x2560 cold", "pp512", "tg128 @ d1024"
  std::string form; ///< the layout of a kernel
  Isa isa = Isa::X86V1;
  unsigned threads = 1;
  uint64_t tokens = 1;
  /// Of one test, one entry for each repetition.
  std::vector<double> seconds;
  double bytes = 0; ///< read from memory at least; 0: all is in the caches
  double macs = 0;
  /// The limits while the test ran.
  double bytesPerSecond = 0, macsPerSecond = 0;

  double medianSeconds() const;
  double tokensPerSecond() const { return double(tokens) / medianSeconds(); }
  /// Slowest minus fastest by the median.
  double spread() const;
  /// The least time the limits allow by the median.
  double roofline() const;
};

double median(std::vector<double> values);

std::string machineText(const MachineFacts &machine, const Roofline &roofline);
std::string rowsText(const std::vector<BenchRow> &rows);
nlohmann::json jsonReport(const MachineFacts &machine, const Roofline &roofline,
                          const std::vector<BenchRow> &rows);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_REPORT_H
