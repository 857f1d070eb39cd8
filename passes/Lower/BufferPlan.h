/// \file
/// Where each buffer of a function lies in scratch memory.
#ifndef LOBIT_PASSES_LOWER_BUFFERPLAN_H
#define LOBIT_PASSES_LOWER_BUFFERPLAN_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace lobit {

/// A buffer that is in use from epoch `first` to epoch `last`, both included.
struct PlannedBuffer {
  uint64_t bytes = 0;
  int64_t first = 0;
  int64_t last = 0;
  uint64_t offset = 0; ///< the result, a multiple of 64
};

/// Gives buffers that are in use in the same epoch disjoint ranges: each takes the lowest
/// free place, in the order in which they come into use. Returns the bytes of all.
uint64_t planBuffers(llvm::MutableArrayRef<PlannedBuffer> buffers);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_BUFFERPLAN_H
