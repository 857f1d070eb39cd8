/// \file
/// A hint for large memory that is read from end to end.
#ifndef LOBIT_PLATFORM_HUGE_PAGES_H
#define LOBIT_PLATFORM_HUGE_PAGES_H

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

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_HUGE_PAGES_H
