/// \file
/// The calibration beacon: where the logits of a text lie, stored in the artifact for
/// deployments to compare with.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_REFERENCE_BEACON_H
#define LOBIT_TOOLS_QUANT_COMPILE_REFERENCE_BEACON_H

#include "runtime/format/Artifact.h"

namespace lobit {

/// A beacon of the size that makeReferenceBeacon gives, to reserve its place.
Result<std::vector<uint8_t>> emptyReferenceBeacon(const Metadata &metadata);

/// Lets the complete artifact at `artifactPath` read the first `maxTokens` tokens of the
/// text. UNSUPPORTED when this machine runs none of its code, or it reads no text.
Result<std::vector<uint8_t>> makeReferenceBeacon(const std::string &artifactPath,
                                                 const std::string &textPath, uint64_t maxTokens,
                                                 unsigned threads);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_REFERENCE_BEACON_H
