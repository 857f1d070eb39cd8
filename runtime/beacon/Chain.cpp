#include "runtime/beacon/Chain.h"
#include "runtime/beacon/BigEndian.h"

#include <algorithm>

namespace lobit::beacon {

// version u8, 3 zeros, key id [8], sequence, issued, expires u64, context [32], previous [32]
static constexpr size_t kKeyId = 4, kSequence = 12, kIssued = 20, kExpires = 28, kContext = 36,
                        kPrevious = 68;

std::vector<uint8_t> encodeOrigin(const Origin &origin) {
  std::vector<uint8_t> bytes(kOriginBytes);
  bytes[0] = kRecordVersion;
  std::copy(origin.keyId.begin(), origin.keyId.end(), bytes.begin() + kKeyId);
  storeBig(&bytes[kSequence], origin.sequence);
  storeBig(&bytes[kIssued], origin.issued);
  storeBig(&bytes[kExpires], origin.expires);
  std::copy(origin.context.begin(), origin.context.end(), bytes.begin() + kContext);
  std::copy(origin.previous.begin(), origin.previous.end(), bytes.begin() + kPrevious);
  return bytes;
}

std::optional<Origin> originOf(const View &view) {
  if (!view.origin)
    return std::nullopt;
  const uint8_t *bytes = view.origin.data();
  Origin origin;
  std::copy_n(bytes + kKeyId, origin.keyId.size(), origin.keyId.begin());
  origin.sequence = loadBig<uint64_t>(bytes + kSequence);
  origin.issued = loadBig<uint64_t>(bytes + kIssued);
  origin.expires = loadBig<uint64_t>(bytes + kExpires);
  std::copy_n(bytes + kContext, origin.context.size(), origin.context.begin());
  std::copy_n(bytes + kPrevious, origin.previous.size(), origin.previous.begin());
  return origin;
}

Digest chainDigest(const View &view) { return Sha256::of(view.bytes.data, view.bytes.size); }

static Status failed(const std::string &message) {
  return Status(StatusCode::CHECK_FAILED, message);
}

Status checkOrigin(const View &view, const OriginPolicy &policy) {
  if (!policy.asks())
    return {};
  const std::optional<Origin> origin = originOf(view);
  if (!origin)
    return failed("there is no ORIGIN_V1, so it belongs to no key, time or chain");
  if (policy.keyId && *policy.keyId != origin->keyId)
    return failed("its key id is " + hexText(origin->keyId.data(), kKeyIdBytes) + ", expected " +
                  hexText(policy.keyId->data(), kKeyIdBytes));
  if (policy.now && origin->expires != 0 && *policy.now >= origin->expires)
    return failed("it expired at " + std::to_string(origin->expires) + ", now is " +
                  std::to_string(*policy.now));
  if (policy.now && origin->issued > *policy.now)
    return failed("it was issued at " + std::to_string(origin->issued) +
                  ", in the future; now is " + std::to_string(*policy.now));
  if (policy.lastSequence && origin->sequence <= *policy.lastSequence)
    return failed("it was seen before: its sequence number is " + std::to_string(origin->sequence) +
                  ", the last one seen " + std::to_string(*policy.lastSequence));
  if (policy.previous && *policy.previous != origin->previous)
    return failed("it follows " + hexText(origin->previous) + ", the last one seen is " +
                  hexText(*policy.previous));
  return {};
}

} // namespace lobit::beacon
