#include "runtime/platform/Thread.h"
#include "runtime/platform/wasm/Host.h"
#include "runtime/platform/wasm/Thread.h"

#include <utility>

namespace lobit::platform {
namespace {

enum : uint32_t { Idle, Busy, Stop };

struct Slot {
  std::atomic<uint32_t> state{Idle};
  void (*body)(void *) = nullptr;
  void *argument = nullptr;
};
Slot slots[kMaxWorkers];
uint32_t workers = 0;

} // namespace

void setWorkerCount(uint32_t count) { workers = count < kMaxWorkers ? count : kMaxWorkers; }

void serveAsWorker(uint32_t index) {
  Slot &slot = slots[index];
  for (;;) {
    waitWhileEqual(slot.state, Idle);
    const uint32_t state = slot.state.load();
    if (state == Stop)
      return;
    if (state != Busy)
      continue;
    slot.body(slot.argument);
    slot.state.store(Idle);
    wakeAll(slot.state);
  }
}

void stopWorkers() {
  for (uint32_t i = 0; i < workers; ++i) {
    slots[i].state.store(Stop);
    wakeAll(slots[i].state);
  }
  workers = 0;
}

unsigned availableCpus() { return workers + 1; }

uint64_t nowNanoseconds() { return uint64_t(lobit_host_now() * 1e6); }

// Not inlined: the baseline compiler of V8 11 loses the address of a wait that is in a loop.
__attribute__((noinline)) void waitWhileEqual(std::atomic<uint32_t> &word, uint32_t expected) {
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int *>(&word), int(expected), -1);
}

void wakeAll(std::atomic<uint32_t> &word) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int *>(&word), UINT32_MAX);
}

void spinPause() {}

Result<Thread> Thread::start(void (*body)(void *), void *argument) {
  for (uint32_t i = 0; i < workers; ++i) {
    Slot &slot = slots[i];
    if (slot.state.load() != Idle)
      continue;
    slot.body = body;
    slot.argument = argument;
    slot.state.store(Busy);
    wakeAll(slot.state);
    Thread thread;
    thread.handle_ = &slot;
    return thread;
  }
  return Status(StatusCode::RESOURCE_LIMIT,
                "all " + std::to_string(workers) +
                    " workers are taken; load the model with more threads");
}

Thread::Thread(Thread &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
Thread &Thread::operator=(Thread &&other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void Thread::join() {
  Slot *slot = static_cast<Slot *>(std::exchange(handle_, nullptr));
  while (slot && slot->state.load() == Busy)
    waitWhileEqual(slot->state, Busy);
}

// A wasm engine has one float mode, the right one.
FloatMode::FloatMode() : saved_(0) {}
FloatMode::~FloatMode() { (void)saved_; }

} // namespace lobit::platform
