/// \file
/// The numbers of a checked beacon, as f64.
#ifndef LOBIT_BEACON_DECODE_H
#define LOBIT_BEACON_DECODE_H

#include "runtime/beacon/LowRank.h"
#include "runtime/beacon/Parser.h"

#include <optional>

namespace lobit::beacon {

/// The mean in CALIB_STATS_V1 or, without one, that of the payload.
std::vector<double> muOf(const View &view);
std::optional<Moments> momentsOf(const View &view);
std::optional<LowRank> lowRankOf(const View &view);
/// The tensor's name in ARTIFACT_V1; empty without one.
std::string tensorOf(const View &view);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_DECODE_H
