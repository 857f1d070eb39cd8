/// \file
/// ORIGIN_V1: which key, which number in its series, when, and after which beacon.
/// Times and numbers are given by the caller; nothing here reads a clock.
#ifndef LOBIT_BEACON_CHAIN_H
#define LOBIT_BEACON_CHAIN_H

#include "runtime/beacon/Context.h"
#include "runtime/beacon/Crypto.h"
#include "runtime/beacon/Parser.h"

#include <optional>

namespace lobit::beacon {

struct Origin {
  KeyId keyId{};
  uint64_t sequence = 0;
  uint64_t issued = 0;  ///< UNIX seconds
  uint64_t expires = 0; ///< UNIX seconds; 0: never
  Digest context{};     ///< BLAKE2b-256 of the context
  Digest previous{};    ///< SHA-256 of the beacon before; zeros for the first
};

std::vector<uint8_t> encodeOrigin(const Origin &origin);
/// Nothing when the beacon has no ORIGIN_V1.
std::optional<Origin> originOf(const View &view);
/// What the next beacon of a chain names as its previous.
Digest chainDigest(const View &view);

/// What a beacon's origin must satisfy. Only what is set is asked.
struct OriginPolicy {
  std::optional<KeyId> keyId;
  std::optional<uint64_t> now;          ///< UNIX seconds: expired? issued in the future?
  std::optional<uint64_t> lastSequence; ///< of the last one seen
  std::optional<Digest> previous;

  bool asks() const { return keyId || now || lastSequence || previous; }
};
/// CHECK_FAILED with the first rule that does not hold.
Status checkOrigin(const View &view, const OriginPolicy &policy);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_CHAIN_H
