/// \file
/// Where packed weights go that were made before their artifact is written.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_PACKEDWEIGHTS_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_PACKEDWEIGHTS_H

#include "mlir/IR/Types.h"
#include "llvm/ADT/StringRef.h"

#include <functional>
#include <tuple>
#include <vector>

namespace lobit {

/// Receives bytes of a packed weight and their place in it; called from several threads.
using PieceSink = std::function<void(uint64_t offset, const uint8_t *bytes, uint64_t size)>;

/// One weight after the other: `open`, all its bytes, `close`.
class PackedWeights {
public:
  /// The chain lobit.weight, lobit.quantize, lobit.pack: name, method, type of the result.
  using Key = std::tuple<std::string, std::string, const void *>;
  static Key keyOf(llvm::StringRef name, llvm::StringRef method, mlir::Type type) {
    return {name.str(), method.str(), type.getAsOpaquePointer()};
  }

  virtual ~PackedWeights() = default;
  /// For the weight `key` of `bytes` bytes. Null when it is not wanted: it will be made again.
  /// A weight that was opened before and not closed is forgotten.
  virtual PieceSink open(const Key &key, uint64_t bytes) = 0;
  /// The weight is complete; `scales` are rounded to their stored type.
  virtual void close(std::vector<float> scales) = 0;
};

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_PACKEDWEIGHTS_H
