/// \file
/// The command line of quant-compile.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_OPTIONS_H
#define LOBIT_TOOLS_QUANT_COMPILE_OPTIONS_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lobit {

struct CompileOptions {
  std::string model;
  std::string output; ///< empty: model.lobit, or standard output for text
  std::string target = "host";
  std::string quantize = "auto";
  std::vector<std::string> layers;
  std::string kernel = "auto";
  bool tune = false;
  int64_t maxContext = 0;
  std::string kv = "f32";
  std::string weightScale; ///< empty: as the model says
  std::string nonFinite = "error";
  std::string stopAfter = "emit";
  std::string emit; ///< empty: artifact, or mlir with an earlier stop-after
  std::string report;
  std::string calibration; ///< a text; empty: none
  uint64_t calibrationTokens = 4096;
  std::optional<double> gate;
  bool dryRun = false;
  bool listTargets = false;
  bool json = false;
  unsigned threads = 0;
};

/// The exit code when the program is to end now.
std::optional<int> parseCompileOptions(int argc, char **argv, CompileOptions &options);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_OPTIONS_H
