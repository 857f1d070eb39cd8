/// \file
/// The command line of quant-run.
#ifndef LOBIT_TOOLS_QUANT_RUN_OPTIONS_H
#define LOBIT_TOOLS_QUANT_RUN_OPTIONS_H

#include "tools/support/BeaconOption.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lobit {

struct RunOptions {
  std::string model;
  std::optional<std::string> prompt, promptFile, tokens;
  std::optional<uint64_t> count;
  uint32_t threads = 0;
  float temperature = 0.8f;
  uint32_t topK = 40;
  float topP = 0.95f;
  float minP = 0;
  float repetitionPenalty = 1;
  uint64_t seed = 0;
  std::string isa;
  std::string logits;
  bool selfTest = false, listIsas = false, explain = false, json = false, copy = false;
  std::vector<std::string> inputs, outputs;
  std::string assumeCpuFeatures;
};

/// Parses argv. Returns an exit code when the program ends here (help, usage error).
std::optional<int> parseRunOptions(int argc, char **argv, RunOptions &options,
                                   BeaconOption &beacon);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_RUN_OPTIONS_H
