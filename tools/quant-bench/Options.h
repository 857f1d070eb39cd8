/// \file
/// The command line of quant-bench.
#ifndef LOBIT_TOOLS_QUANT_BENCH_OPTIONS_H
#define LOBIT_TOOLS_QUANT_BENCH_OPTIONS_H

#include "runtime/format/Tables.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lobit {

struct BenchOptions {
  std::string model; ///< empty: kernels

  bool copy = false;
  std::vector<uint64_t> prompts = {512}, generated = {128}, depths = {0};

  std::vector<std::string> shapeWords = {"2560x2560", "6912x2560", "2560x6912"};
  std::vector<std::pair<uint64_t, uint64_t>> shapes; ///< out, in
  std::vector<uint64_t> tokens = {1, 4, 8, 32, 128, 512};
  std::vector<std::string> formWords;
  std::vector<Layout> forms;
  std::string memory = "cold";

  std::vector<unsigned> threads;
  std::vector<std::string> isaWords;
  std::vector<Isa> isas;
  unsigned repetitions = 5;
  double seconds = 0.1;
  uint64_t readMegabytes = 1024;

  bool json = false;
  std::string plot;
};

/// The exit code when the program is to end here.
std::optional<int> parseBenchOptions(int argc, char **argv, BenchOptions &options);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_OPTIONS_H
