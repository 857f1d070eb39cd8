/// \file
/// What was last seen of every chain: a text file with a line "key-id context sequence
/// sha256" for each.
#ifndef LOBIT_TOOLS_BIT_BEACON_STATE_H
#define LOBIT_TOOLS_BIT_BEACON_STATE_H

#include "runtime/beacon/Chain.h"

#include <map>

namespace lobit {

class ChainState {
public:
  /// A file that does not exist is a state that has seen nothing.
  Status read(const std::string &path);
  Status write(const std::string &path) const;
  /// Adds what the state knows of the beacon's chain to the policy.
  void ask(const beacon::View &view, beacon::OriginPolicy &policy) const;
  void record(const beacon::View &view);

private:
  struct Last {
    uint64_t sequence;
    Digest digest;
  };
  std::map<std::string, Last> chains_; ///< by "key-id context"
};

} // namespace lobit

#endif // LOBIT_TOOLS_BIT_BEACON_STATE_H
