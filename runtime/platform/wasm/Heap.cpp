#include "runtime/platform/wasm/Heap.h"

#include <cstdint>
#include <cstring>

extern "C" unsigned char __heap_base;

namespace lobit::platform {
namespace {

constexpr uint64_t kPage = 65536;
constexpr uint32_t kUnit = 16;

/// Lies before each block, used or free. Sizes count the header.
struct alignas(kUnit) Header {
  uint32_t size;
  Header *next; ///< of a free block: the next one by address
};
static_assert(sizeof(Header) == kUnit, "blocks keep the alignment");

Header *freeList = nullptr;
/// End of what was handed out once; memory from here on is zero.
uint64_t top = 0;

uint64_t addressOf(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }
Header *headerAt(uint64_t address) { return reinterpret_cast<Header *>(uintptr_t(address)); }
uint64_t up(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

/// Puts a block into the list and joins it with its neighbours.
void insert(Header *block) {
  Header **link = &freeList;
  Header *before = nullptr;
  while (*link && *link < block) {
    before = *link;
    link = &(*link)->next;
  }
  block->next = *link;
  *link = block;
  if (block->next && addressOf(block) + block->size == addressOf(block->next)) {
    block->size += block->next->size;
    block->next = block->next->next;
  }
  if (before && addressOf(before) + before->size == addressOf(block)) {
    before->size += block->size;
    before->next = block->next;
  }
}

/// Cuts [begin, begin + size) out of the free block at `link`.
Header *take(Header **link, uint64_t begin, uint64_t size) {
  Header *block = *link;
  const uint64_t end = addressOf(block) + block->size;
  *link = block->next;
  if (begin != addressOf(block)) {
    block->size = uint32_t(begin - addressOf(block));
    insert(block);
  }
  Header *taken = headerAt(begin);
  taken->size = uint32_t(size);
  if (begin + size != end) {
    Header *rest = headerAt(begin + size);
    rest->size = uint32_t(end - (begin + size));
    insert(rest);
  }
  return taken;
}

Header *fromList(uint64_t size, uint64_t alignment) {
  for (Header **link = &freeList; *link; link = &(*link)->next) {
    const uint64_t block = addressOf(*link);
    const uint64_t begin = up(block + kUnit, alignment) - kUnit;
    if (begin + size <= block + (*link)->size)
      return take(link, begin, size);
  }
  return nullptr;
}

Header *fromTop(uint64_t size, uint64_t alignment) {
  if (top == 0)
    top = up(addressOf(&__heap_base), kUnit);
  const uint64_t begin = up(top + kUnit, alignment) - kUnit, end = begin + size;
  const uint64_t have = __builtin_wasm_memory_size(0) * kPage;
  if (end > (uint64_t(1) << 32) ||
      (end > have &&
       __builtin_wasm_memory_grow(0, uint32_t((end - have + kPage - 1) / kPage)) == SIZE_MAX))
    return nullptr;
  if (begin != top) {
    Header *gap = headerAt(top);
    gap->size = uint32_t(begin - top);
    insert(gap);
  }
  top = end;
  Header *block = headerAt(begin);
  block->size = uint32_t(size);
  return block;
}

void *allocate(size_t size, size_t alignment, bool zeroed) {
  const uint64_t whole = up(uint64_t(size) + kUnit, kUnit);
  const uint64_t aligned = alignment < kUnit ? kUnit : alignment;
  Header *block = fromList(whole, aligned);
  if (block && zeroed)
    memset(block + 1, 0, size);
  if (!block)
    block = fromTop(whole, aligned);
  return block ? block + 1 : nullptr;
}

} // namespace

void *heapAllocate(size_t size, size_t alignment) { return allocate(size, alignment, false); }
void *heapAllocateZeroed(size_t size, size_t alignment) { return allocate(size, alignment, true); }

void heapFree(void *pointer) {
  if (pointer)
    insert(static_cast<Header *>(pointer) - 1);
}

} // namespace lobit::platform
