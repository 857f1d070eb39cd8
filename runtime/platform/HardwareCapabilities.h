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

/// Asks the system for the tile registers of AMX, whose 8 KiB it saves only for processes that
/// asked; holds for all threads from then on. False: they must not be used.
bool allowTiles();

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_HARDWARECAPABILITIES_H
