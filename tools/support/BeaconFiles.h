/// \file
/// Beacon files as the tools read and write them, and options that several tools share.
#ifndef LOBIT_TOOLS_SUPPORT_BEACON_FILES_H
#define LOBIT_TOOLS_SUPPORT_BEACON_FILES_H

#include "runtime/beacon/Summary.h"
#include "runtime/beacon/Verify.h"

#include <memory>

namespace lobit {

/// A whole file of at most 64 MiB.
Result<std::vector<uint8_t>> readBeaconBytes(const std::string &path);
Status writeBeaconFile(const std::string &path, const std::vector<uint8_t> &bytes);

/// A file with exactly one beacon.
struct BeaconFile {
  std::vector<uint8_t> bytes;
  beacon::View view;
};
/// Reads it and checks CRC and numbers; with a key, also HMAC, when it has one.
Result<std::unique_ptr<BeaconFile>> readBeacon(const std::string &path, const beacon::Key *key);

/// "SDS=1.5". INVALID_ARGUMENT naming what can be limited.
Result<std::vector<beacon::Threshold>> parseThresholds(const std::vector<std::string> &words);
/// "1024", or nothing for "auto".
Result<std::optional<uint32_t>> parseDelta(const std::string &word);

/// "SDS 4.2 is above the threshold 1" as a DRIFT status; OK without an alert.
Status driftStatus(const beacon::Results &results);
/// "SDS 0.375, norm_dmu 0.25, cos_mu 0.994975, tr_Sigma 0.25"
std::string resultsLine(const beacon::Results &results);

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_BEACON_FILES_H
