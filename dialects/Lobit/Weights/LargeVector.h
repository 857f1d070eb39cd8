/// \file
/// Vectors of many bytes whose memory is brought in by all threads.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_LARGEVECTOR_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_LARGEVECTOR_H

#include "dialects/Lobit/Weights/Parallel.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lobit {

/// `count` zeros. New pages cost more than what is written into them later, and the thread
/// that touches them first pays.
template <typename Byte> std::vector<Byte> makeLargeVector(size_t count, unsigned threads) {
  static_assert(sizeof(Byte) == 1);
  std::vector<Byte> result;
  result.reserve(count);
#if defined(__linux__) && defined(MADV_POPULATE_WRITE)
  constexpr uintptr_t page = 4096;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(result.data()) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(result.data()) + count) & ~(page - 1);
  constexpr size_t large = 4 << 20;
  if (threads > 1 && count >= large)
    parallelFor(int64_t((end - begin) / page), threads, [&](int64_t first, int64_t last) {
      // A hint: where it is not understood, pages come when they are touched.
      madvise(reinterpret_cast<void *>(begin + uintptr_t(first) * page),
              size_t(last - first) * page, MADV_POPULATE_WRITE);
    });
#else
  (void)threads;
#endif
  result.resize(count);
  return result;
}

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_LARGEVECTOR_H
