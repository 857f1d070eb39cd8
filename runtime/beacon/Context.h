/// \file
/// What a beacon speaks of: space, model, projection and dimension, as hashes.
#ifndef LOBIT_BEACON_CONTEXT_H
#define LOBIT_BEACON_CONTEXT_H

#include "runtime/beacon/Format.h"
#include "runtime/format/Sha256.h"
#include "runtime/format/Status.h"

#include <array>
#include <string>

namespace lobit::beacon {

struct ContextIds {
  std::string space, model, pi;
};
using ContextHash = std::array<uint8_t, kContextBytes>;

/// INVALID_TEXT unless all ids are UTF-8.
Status checkIds(const ContextIds &ids);
/// {"dim":D,"model_id":...,"pi_id":...,"space_id":...}, ASCII.
std::string contextJson(const ContextIds &ids, uint32_t dim);
/// BLAKE2b of that text with 8 and with 32 bytes: CTX and the ctx256 of ORIGIN_V1.
ContextHash contextHash(const ContextIds &ids, uint32_t dim);
Digest contextHash256(const ContextIds &ids, uint32_t dim);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_CONTEXT_H
