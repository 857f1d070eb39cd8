#include "runtime/platform/Thread.h"

#include <climits>
#include <linux/futex.h>
#include <new>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace lobit::platform {

unsigned availableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
    return unsigned(CPU_COUNT(&set));
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? unsigned(online) : 1;
}

uint64_t nowNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1000000000u + uint64_t(now.tv_nsec);
}

static_assert(sizeof(std::atomic<uint32_t>) == 4, "a futex is a plain 32-bit word");

void waitWhileEqual(std::atomic<uint32_t> &word, uint32_t expected) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, expected, nullptr,
          nullptr, 0);
}

void wakeAll(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr,
          nullptr, 0);
}

void spinPause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

namespace {
struct Started {
  pthread_t thread;
  void (*body)(void *);
  void *argument;
};
} // namespace

static void *runBody(void *pointer) {
  Started *started = static_cast<Started *>(pointer);
  started->body(started->argument);
  return nullptr;
}

Result<Thread> Thread::start(void (*body)(void *), void *argument) {
  Started *started = new (std::nothrow) Started{{}, body, argument};
  if (!started || pthread_create(&started->thread, nullptr, runBody, started) != 0) {
    delete started;
    return Status(StatusCode::OUT_OF_MEMORY, "the system starts no further thread");
  }
  Thread thread;
  thread.handle_ = started;
  return thread;
}

Thread::Thread(Thread &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
Thread &Thread::operator=(Thread &&other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void Thread::join() {
  Started *started = static_cast<Started *>(std::exchange(handle_, nullptr));
  if (!started)
    return;
  pthread_join(started->thread, nullptr);
  delete started;
}

#if defined(__x86_64__)
FloatMode::FloatMode() : saved_(_mm_getcsr()) { _mm_setcsr(0x1F80); }
FloatMode::~FloatMode() { _mm_setcsr(uint32_t(saved_)); }
#elif defined(__aarch64__)
FloatMode::FloatMode() {
  __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
  __asm__ volatile("msr fpcr, %0" : : "r"(uint64_t(0)));
}
FloatMode::~FloatMode() { __asm__ volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
FloatMode::FloatMode() : saved_(0) {}
FloatMode::~FloatMode() {}
#endif

} // namespace lobit::platform
