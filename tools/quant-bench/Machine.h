/// \file
/// What a reader of a measurement must know about the machine.
#ifndef LOBIT_TOOLS_QUANT_BENCH_MACHINE_H
#define LOBIT_TOOLS_QUANT_BENCH_MACHINE_H

#include <cstdint>
#include <string>
#include <vector>

namespace lobit {

struct Cache {
  std::string name; ///< "L1d"
  uint64_t bytes = 0;
  unsigned cpus = 0; ///< that share it
};

/// What the system does not tell stays empty.
struct MachineFacts {
  std::string cpu, system;
  unsigned cpus = 0;
  std::vector<Cache> caches;
  uint64_t memoryBytes = 0;
  std::string features;
  std::string governor;
  std::string hugePages;
};

MachineFacts machineFacts();

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_MACHINE_H
