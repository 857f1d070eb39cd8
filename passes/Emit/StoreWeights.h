/// \file
/// The weights section: chains of lobit.weight, evaluated one by one and written to their places.
#ifndef LOBIT_PASSES_EMIT_STOREWEIGHTS_H
#define LOBIT_PASSES_EMIT_STOREWEIGHTS_H

#include "dialects/Lobit/LobitDialect.h"
#include "passes/Emit/KeptWeights.h"

#include <functional>

namespace lobit {

/// A weight with its place in the section.
struct PlacedWeight {
  std::string name;
  mlir::Value value; ///< its type is packed
  uint64_t offset = 0;
  uint64_t scaleOffset = 0; ///< counts when the type has scales
};

/// The record of a weight.
TensorInfo tensorInfo(const PlacedWeight &weight);

/// The places of those that KeptWeights may have.
KeptWeights::Places placesOf(const std::vector<PlacedWeight> &weights);

/// Called before each weight.
using StoreProgress = std::function<void(size_t done, size_t total, const std::string &name)>;

struct StoreOptions {
  unsigned threads = 1;
  KeptWeights *kept = nullptr; ///< may be null
  StoreProgress progress = nullptr;
};

/// Where the weights section of an artifact of `content` starts.
Result<uint64_t> weightsStart(const ArtifactContent &content);

/// Writes the whole artifact into `file`: `content`, then the weights, those that are not kept
/// evaluated one at a time.
Status storeArtifact(ArtifactWriter &writer, AtomicFile &file, ArtifactContent content,
                     const std::vector<PlacedWeight> &weights, TensorSource *source,
                     const StoreOptions &options);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_STOREWEIGHTS_H
