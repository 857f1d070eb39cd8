#include "runtime/beacon/Context.h"
#include "runtime/beacon/CanonicalJson.h"
#include "runtime/beacon/Crypto.h"

namespace lobit::beacon {

Status checkIds(const ContextIds &ids) {
  for (const std::string *id : {&ids.space, &ids.model, &ids.pi})
    if (!isUtf8(*id))
      return Status(StatusCode::INVALID_TEXT, "the space, model and pi ids must be UTF-8");
  return {};
}

std::string contextJson(const ContextIds &ids, uint32_t dim) {
  return "{\"dim\":" + std::to_string(dim) + ",\"model_id\":" + jsonAsciiString(ids.model) +
         ",\"pi_id\":" + jsonAsciiString(ids.pi) + ",\"space_id\":" + jsonAsciiString(ids.space) +
         "}";
}

template <typename Hash> static Hash hashOf(const ContextIds &ids, uint32_t dim) {
  const std::string json = contextJson(ids, dim);
  Hash hash;
  blake2b(hash.data(), hash.size(),
          {{reinterpret_cast<const uint8_t *>(json.data()), json.size()}});
  return hash;
}
ContextHash contextHash(const ContextIds &ids, uint32_t dim) {
  return hashOf<ContextHash>(ids, dim);
}
Digest contextHash256(const ContextIds &ids, uint32_t dim) { return hashOf<Digest>(ids, dim); }

} // namespace lobit::beacon
