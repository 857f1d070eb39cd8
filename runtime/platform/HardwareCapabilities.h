/// \file
/// What the operating system says about the CPU, where the CPU does not say it itself.
#ifndef LOBIT_PLATFORM_HARDWARECAPABILITIES_H
#define LOBIT_PLATFORM_HARDWARECAPABILITIES_H

#include <cstdint>

namespace lobit::platform {

/// The words AT_HWCAP and AT_HWCAP2 of Linux; zero elsewhere.
struct HardwareCapabilities {
  uint64_t first = 0, second = 0;
};
HardwareCapabilities hardwareCapabilities();

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_HARDWARECAPABILITIES_H
