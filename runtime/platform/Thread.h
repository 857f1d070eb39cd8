/// \file
/// Threads, waiting, the clock and the mode of the floating-point unit.
#ifndef LOBIT_PLATFORM_THREAD_H
#define LOBIT_PLATFORM_THREAD_H

#include "runtime/format/Status.h"

#include <atomic>
#include <cstdint>

namespace lobit::platform {

/// CPUs this process may use; at least 1.
unsigned availableCpus();

/// Monotonic.
uint64_t nowNanoseconds();

/// Returns when `word` may differ from `expected`; may return without reason.
void waitWhileEqual(std::atomic<uint32_t> &word, uint32_t expected);
void wakeAll(std::atomic<uint32_t> &word);
/// A hint inside a short spin.
void spinPause();

class Thread {
public:
  static Result<Thread> start(void (*body)(void *), void *argument);
  Thread() = default;
  Thread(Thread &&other) noexcept;
  Thread &operator=(Thread &&other) noexcept;
  ~Thread() { join(); }
  void join();

private:
  void *handle_ = nullptr;
};

/// Sets round to nearest, denormals on, all exceptions masked; restores what was
/// before at the end. Generated code relies on it.
class FloatMode {
public:
  FloatMode();
  ~FloatMode();
  FloatMode(const FloatMode &) = delete;
  FloatMode &operator=(const FloatMode &) = delete;

private:
  uint64_t saved_;
};

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_THREAD_H
