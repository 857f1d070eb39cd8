#include "runtime/beacon/Routing.h"
#include "runtime/beacon/Crypto.h"

namespace lobit::beacon {

Digest routingKey(const View &view) {
  Digest key;
  blake2b(key.data(), key.size(), {view.header(), view.payload()});
  return key;
}

Digest contentKey(const View &view) {
  Digest key;
  blake2b(key.data(), key.size(),
          {{view.context(), kContextBytes},
           {view.config.record, view.config.recordBytes},
           view.payload()});
  return key;
}

uint64_t shardOf(const Digest &key, uint64_t shards) {
  unsigned __int128 rest = 0;
  for (uint8_t byte : key)
    rest = (rest << 8 | byte) % shards;
  return uint64_t(rest);
}

} // namespace lobit::beacon
