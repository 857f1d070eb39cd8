/// \file
/// A compiler built without beacons.
#include "tools/quant-compile/ReferenceBeacons.h"

namespace lobit {

bool makesReferenceBeacons() { return false; }
Result<std::vector<uint8_t>> emptyReferenceBeacons(const Metadata &, bool) {
  return std::vector<uint8_t>();
}
Result<std::vector<uint8_t>> makeReferenceBeacons(const std::string &, const std::string &,
                                                  uint64_t, unsigned, bool) {
  return std::vector<uint8_t>();
}

} // namespace lobit
