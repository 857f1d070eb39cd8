#include "tools/support/ReadBandwidth.h"
#include "runtime/platform/HugePages.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace lobit {

Result<ReadBandwidth> ReadBandwidth::create(uint64_t bytes) {
  Result<platform::Memory> memory = platform::Memory::allocate(bytes, "the buffer that is read");
  if (!memory.ok())
    return std::move(memory).status();
  platform::preferHugePages(*memory);
  // Pages that nobody wrote would all be the one page of zeros.
  memset(memory->data(), 1, bytes);
  ReadBandwidth bandwidth;
  bandwidth.memory_ = std::move(memory).value();
  return bandwidth;
}

/// Four independent sums and a prefetch a page ahead: what reads fastest.
static uint64_t sum(const uint8_t *data, uint64_t bytes) {
  typedef uint64_t Lanes __attribute__((vector_size(16)));
  Lanes sums[4] = {};
  for (uint64_t i = 0; i + 64 <= bytes; i += 64) {
    __builtin_prefetch(data + i + 4096);
    for (unsigned lane = 0; lane < 4; ++lane) {
      Lanes value;
      memcpy(&value, data + i + 16 * lane, sizeof(value));
      sums[lane] += value;
    }
  }
  Lanes all = sums[0] + sums[1] + sums[2] + sums[3];
  return all[0] + all[1];
}

double ReadBandwidth::measure(ThreadPool &pool) const {
  struct Job {
    const uint8_t *data;
    uint64_t share;
    std::vector<uint64_t> sums;
  };
  Job job = {memory_.data(), memory_.size() / pool.threads() / 64 * 64,
             std::vector<uint64_t>(pool.threads())};
  const uint64_t before = platform::nowNanoseconds();
  pool.run(
      [](void *context, unsigned thread) {
        Job &job = *static_cast<Job *>(context);
        job.sums[thread] = sum(job.data + thread * job.share, job.share);
      },
      &job);
  const uint64_t after = platform::nowNanoseconds();
  // The sums are used, so that nothing is left out.
  uint64_t total = 0;
  for (uint64_t part : job.sums)
    total += part;
  const uint64_t read = job.share * pool.threads();
  return total == 0 ? 0 : double(read) / double(std::max<uint64_t>(after - before, 1)) * 1e9;
}

double ReadBandwidth::median(ThreadPool &pool, unsigned passes) const {
  std::vector<double> rates;
  for (unsigned i = 0; i < passes; ++i)
    rates.push_back(measure(pool));
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() / 2];
}

} // namespace lobit
