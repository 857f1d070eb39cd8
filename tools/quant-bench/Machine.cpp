#include "tools/quant-bench/Machine.h"
#include "runtime/cpu/Cpu.h"
#include "runtime/platform/Thread.h"

#include <cstdlib>
#include <fstream>
#include <sys/utsname.h>

namespace lobit {
namespace {

/// The first line of a file, empty when there is none.
std::string line(const std::string &path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

/// The value of "key : value" in the files of /proc.
std::string value(const char *path, const std::string &key) {
  std::ifstream file(path);
  for (std::string text; std::getline(file, text);)
    if (text.compare(0, key.size(), key) == 0) {
      size_t at = text.find(':');
      at = at == std::string::npos ? at : text.find_first_not_of(" \t", at + 1);
      return at == std::string::npos ? "" : text.substr(at);
    }
  return "";
}

/// "48K" or "480M".
uint64_t sizeOf(const std::string &text) {
  const uint64_t number = std::strtoull(text.c_str(), nullptr, 10);
  const char unit = text.empty() ? ' ' : text.back();
  return number << (unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0);
}

/// CPUs in a list like "0-3,8".
unsigned countOf(const std::string &list) {
  unsigned count = 0;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    const std::string part = list.substr(begin, end - begin);
    const size_t dash = part.find('-');
    const int first = std::atoi(part.c_str());
    const int last = dash == std::string::npos ? first : std::atoi(part.c_str() + dash + 1);
    count += unsigned(last - first + 1);
    begin = end + 1;
  }
  return count;
}

} // namespace

MachineFacts machineFacts() {
  MachineFacts facts;
  facts.cpu = value("/proc/cpuinfo", "model name");
  utsname system = {};
  if (uname(&system) == 0)
    facts.system = std::string(system.sysname) + " " + system.release + " " + system.machine;
  facts.cpus = platform::availableCpus();
  const std::string base = "/sys/devices/system/cpu/cpu0/";
  for (unsigned i = 0; i < 8; ++i) {
    const std::string cache = base + "cache/index" + std::to_string(i) + "/";
    const std::string type = line(cache + "type");
    if (type.empty())
      break;
    if (type != "Instruction")
      facts.caches.push_back({"L" + line(cache + "level") + (type == "Data" ? "d" : ""),
                              sizeOf(line(cache + "size")),
                              countOf(line(cache + "shared_cpu_list"))});
  }
  facts.memoryBytes = std::strtoull(value("/proc/meminfo", "MemTotal").c_str(), nullptr, 10) << 10;
  facts.features = cpuFeatureWords(detectCpuFeatures());
  facts.governor = line(base + "cpufreq/scaling_governor");
  facts.hugePages = line("/sys/kernel/mm/transparent_hugepage/enabled");
  return facts;
}

} // namespace lobit
