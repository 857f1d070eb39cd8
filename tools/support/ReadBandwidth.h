/// \file
/// How fast this machine reads memory: the limit of decoding.
#ifndef LOBIT_TOOLS_SUPPORT_READ_BANDWIDTH_H
#define LOBIT_TOOLS_SUPPORT_READ_BANDWIDTH_H

#include "runtime/platform/Memory.h"
#include "runtime/run/ThreadPool.h"

namespace lobit {

/// A filled buffer that all threads of a pool read at once, each its own part.
class ReadBandwidth {
public:
  static constexpr uint64_t kDefaultBytes = 1ull << 30;
  static Result<ReadBandwidth> create(uint64_t bytes);

  /// Bytes a second of one pass over the buffer, dispatch and join included.
  double measure(ThreadPool &pool) const;
  /// The median of `passes` passes.
  double median(ThreadPool &pool, unsigned passes) const;
  uint64_t bytes() const { return memory_.size(); }

private:
  platform::Memory memory_;
};

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_READ_BANDWIDTH_H
