/// \file
/// The memory of a wasm module behind its data: an address-ordered first-fit heap.
#ifndef LOBIT_PLATFORM_WASM_HEAP_H
#define LOBIT_PLATFORM_WASM_HEAP_H

#include <cstddef>

namespace lobit::platform {

/// Null when the memory cannot grow. `alignment` is a power of two. The heap is used by one
/// thread: workers run generated code, which allocates nothing.
void *heapAllocate(size_t size, size_t alignment);
/// The same, zeroed; bytes that never were used are not touched.
void *heapAllocateZeroed(size_t size, size_t alignment);
void heapFree(void *pointer);

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_WASM_HEAP_H
