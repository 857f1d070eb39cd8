#include "tools/quant-run/ListIsas.h"
#include "runtime/cpu/Cpu.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace lobit {

/// Empty when code for `isa` runs on this machine.
static std::string whyNot(const IsaInfo &isa, uint64_t features) {
  if (isa.arch != hostArch())
    return std::string("this machine is ") + archWord(hostArch());
  const uint64_t missing = isa.requiredCpuFeatures & ~features;
  return missing ? "this CPU or operating system lacks " + cpuFeatureWords(missing) : "";
}

std::string listIsas(bool json) {
  unsigned count = 0;
  const IsaInfo *isas = allIsas(count);
  const uint64_t features = detectCpuFeatures();
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::string text;
  for (unsigned i = 0; i < count; ++i) {
    const std::string reason = whyNot(isas[i], features);
    list.push_back({{"isa", isas[i].word},
                    {"architecture", archWord(isas[i].arch)},
                    {"rank", isas[i].rank},
                    {"runs", reason.empty()},
                    {"reason", reason}});
    char line[256];
    std::snprintf(line, sizeof line, "%-14s %-8s %s%s\n", isas[i].word, archWord(isas[i].arch),
                  reason.empty() ? "runs here" : "does not run: ", reason.c_str());
    text += line;
  }
  return json ? list.dump(2) + "\n" : text;
}

} // namespace lobit
