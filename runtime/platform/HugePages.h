/// \file
/// Hints for large memory that is read from end to end.
#ifndef LOBIT_PLATFORM_HUGE_PAGES_H
#define LOBIT_PLATFORM_HUGE_PAGES_H

#include "runtime/platform/File.h"
#include "runtime/platform/Memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lobit::platform {

/// Asks for pages of 2 MiB, where a virtual machine spends less time on translating
/// addresses. To be called before the memory is touched; changes nothing but speed.
inline void preferHugePages(const Memory &memory) {
#if defined(__linux__)
  if (memory.size() != 0)
    ::madvise(memory.data(), memory.size(), MADV_HUGEPAGE);
#endif
}

/// What of the file is not in memory yet is then read in pieces of 2 MiB, and mapped so,
/// where the file system can do that.
inline void preferHugePages(const Mapping &mapping) {
#if defined(__linux__)
  const ByteView bytes = mapping.bytes();
  if (bytes.size != 0)
    ::madvise(const_cast<uint8_t *>(bytes.data), bytes.size, MADV_HUGEPAGE);
#endif
}

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_HUGE_PAGES_H
