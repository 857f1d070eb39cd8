#include "runtime/platform/HardwareCapabilities.h"

#if defined(__linux__)
#include <sys/auxv.h>
#endif

namespace lobit::platform {

HardwareCapabilities hardwareCapabilities() {
#if defined(__linux__)
  return {getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
#else
  return {};
#endif
}

} // namespace lobit::platform
