/// \file
/// A compiler built without beacons.
#include "tools/quant-compile/ReferenceBeacon.h"

namespace lobit {

static Status unsupported() {
  return Status(StatusCode::UNSUPPORTED,
                "--calibration: this compiler is built without beacons (LOBIT_BUILD_BEACON)");
}
Result<std::vector<uint8_t>> emptyReferenceBeacon(const Metadata &) { return unsupported(); }
Result<std::vector<uint8_t>> makeReferenceBeacon(const std::string &, const std::string &, uint64_t,
                                                 unsigned) {
  return unsupported();
}

} // namespace lobit
