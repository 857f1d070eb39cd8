/// \file
/// Splits a range among threads.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_PARALLEL_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_PARALLEL_H

#include <algorithm>
#include <atomic>
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

/// Calls `body(index, state)` for every index of [0, count), `state` made by `makeState` for each
/// thread. A thread that is done with one index takes the next, so that none waits long for
/// another. Waits for all.
template <typename MakeState, typename Body>
void parallelForEach(int64_t count, unsigned threads, const MakeState &makeState,
                     const Body &body) {
  std::atomic<int64_t> next{0};
  parallelFor(std::min<int64_t>(count, threads), threads, [&](int64_t, int64_t) {
    auto state = makeState();
    for (int64_t index; (index = next++) < count;)
      body(index, state);
  });
}

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_PARALLEL_H
