/// \file
/// Where a beacon is stored: a hash as routing key, and a shard of it.
#ifndef LOBIT_BEACON_ROUTING_H
#define LOBIT_BEACON_ROUTING_H

#include "runtime/beacon/Parser.h"
#include "runtime/format/Sha256.h"

namespace lobit::beacon {

/// BLAKE2b-256 of HEADER || PAYLOAD: of this very file.
Digest routingKey(const View &view);
/// BLAKE2b-256 of CTX || CONFIG record || PAYLOAD: the same for another key or other records.
Digest contentKey(const View &view);
/// The key as an unsigned big-endian integer modulo `shards`, which is not 0.
uint64_t shardOf(const Digest &key, uint64_t shards);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_ROUTING_H
