/// \file
/// Writes beacons. The same content gives the same bytes.
#ifndef LOBIT_BEACON_WRITER_H
#define LOBIT_BEACON_WRITER_H

#include "runtime/beacon/Chain.h"
#include "runtime/beacon/LowRank.h"
#include "runtime/beacon/Results.h"

namespace lobit::beacon {

struct Quantized {
  std::vector<int16_t> values;
  bool saturated = false;
};
/// q = clamp(round_half_even(mu / step), -32767, 32767), step = deltaQ16 / 65536.
Quantized quantizeMu(const std::vector<double> &mu, uint32_t deltaQ16);
/// The smallest step that does not saturate: max(1, ceil(max|mu| 65536 / 32767)).
uint32_t autoDelta(const std::vector<double> &mu);

struct Content {
  ContextIds ids;
  uint32_t deltaQ16 = kDefaultDeltaQ16;
  std::vector<double> mu; ///< its size is dim
  Scalar scalar = Scalar::F32;
  std::optional<Moments> calib;
  std::optional<LowRank> lowRank;                 ///< only with calib
  std::optional<std::pair<double, double>> times; ///< t0, t1; only with calib
  std::optional<std::string> results;             ///< canonical JSON
  bool driftAlert = false, sigmaReduced = false;
  struct ArtifactName {
    Digest root;
    std::string tensor;
  };
  std::optional<ArtifactName> artifact;
  std::optional<Origin> origin; ///< its context is filled in
};

/// INVALID_ARGUMENT or RESOURCE_LIMIT when a reader would refuse the result.
Result<std::vector<uint8_t>> writeBeacon(const Content &content, const Key *key);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_WRITER_H
