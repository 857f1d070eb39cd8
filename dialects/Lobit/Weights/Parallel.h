/// \file
/// Splits a range among threads.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_PARALLEL_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_PARALLEL_H

#include <cstdint>
#include <thread>
#include <vector>

namespace lobit {

/// Calls `body(begin, end)` for consecutive parts of [0, count), at most one part a
/// thread, and waits for all.
template <typename Body> void parallelFor(int64_t count, unsigned threads, const Body &body) {
  int64_t parts = threads < 1 ? 1 : int64_t(threads);
  if (parts > count)
    parts = count;
  std::vector<std::thread> others;
  for (int64_t part = 1; part < parts; ++part)
    others.emplace_back(
        [&body, part, parts, count] { body(count * part / parts, count * (part + 1) / parts); });
  if (parts > 0)
    body(int64_t(0), count / parts);
  for (std::thread &other : others)
    other.join();
}

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_PARALLEL_H
