#include "passes/Lower/BufferPlan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

namespace lobit {

uint64_t planBuffers(llvm::MutableArrayRef<PlannedBuffer> buffers) {
  llvm::SmallVector<PlannedBuffer *> order;
  for (PlannedBuffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::sort(order, [](const PlannedBuffer *a, const PlannedBuffer *b) {
    return std::pair(a->first, a) < std::pair(b->first, b);
  });

  uint64_t total = 0;
  llvm::SmallVector<PlannedBuffer *> live; // by offset
  for (PlannedBuffer *buffer : order) {
    llvm::erase_if(live, [&](PlannedBuffer *other) { return other->last < buffer->first; });
    uint64_t bytes = llvm::alignTo(buffer->bytes, 64);
    buffer->offset = 0;
    auto at = live.begin();
    for (; at != live.end() && (*at)->offset < buffer->offset + bytes; ++at)
      buffer->offset = (*at)->offset + llvm::alignTo((*at)->bytes, 64);
    live.insert(at, buffer);
    total = std::max(total, buffer->offset + bytes);
  }
  return total;
}

} // namespace lobit
