/// \file
/// The calibration beacons: where the logits and the final hidden states of a text lie,
/// stored in the artifact for deployments to compare with.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_REFERENCE_BEACONS_H
#define LOBIT_TOOLS_QUANT_COMPILE_REFERENCE_BEACONS_H

#include "runtime/format/Artifact.h"

namespace lobit {

/// Whether this build has beacons.
bool makesReferenceBeacons();

/// Beacons of the size that makeReferenceBeacons gives, to reserve their place.
Result<std::vector<uint8_t>> emptyReferenceBeacons(const Metadata &metadata, bool withHidden);

/// Lets the complete artifact at `artifactPath` read the first `maxTokens` tokens of the
/// text. UNSUPPORTED when this machine runs none of its code, or it reads no text.
Result<std::vector<uint8_t>> makeReferenceBeacons(const std::string &artifactPath,
                                                  const std::string &textPath, uint64_t maxTokens,
                                                  unsigned threads, bool withHidden);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_REFERENCE_BEACONS_H
