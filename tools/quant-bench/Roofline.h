/// \file
/// The limits of this machine: reading memory and multiplying int8.
#ifndef LOBIT_TOOLS_QUANT_BENCH_ROOFLINE_H
#define LOBIT_TOOLS_QUANT_BENCH_ROOFLINE_H

#include "runtime/format/Tables.h"
#include "tools/support/ReadBandwidth.h"

#include <memory>
#include <vector>

namespace lobit {

struct Limit {
  unsigned threads = 1;
  Isa isa = Isa::X86V1;
  double bytesPerSecond = 0, macsPerSecond = 0;
  /// Starting all threads and waiting for the last; one barrier inside.
  double dispatchSeconds = 0, barrierSeconds = 0;
};

class Roofline {
public:
  /// Measures every pair of a number of threads and an ISA.
  static Result<Roofline> measure(const std::vector<unsigned> &threads,
                                  const std::vector<Isa> &isas, uint64_t readBytes,
                                  unsigned repetitions);

  const std::vector<Limit> &limits() const { return limits_; }
  double macsPerSecond(unsigned threads, Isa isa) const;
  /// The bandwidth now: it changes with what the neighbours of a virtual machine do.
  double bytesPerSecondNow(unsigned threads);

private:
  ThreadPool &pool(unsigned threads);

  ReadBandwidth bandwidth_;
  std::vector<std::unique_ptr<ThreadPool>> pools_;
  std::vector<Limit> limits_;
};

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_ROOFLINE_H
