// While tokens are made nothing is allocated, no lock is taken and the system is not
// called. System calls are counted by a filter of the kernel, the rest by standing in for
// the functions of libc.
#include "lobit/runtime.hpp"
#include "test/runtime/support/FakeArtifact.h"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace lobit;
using namespace lobit::test;

namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> allocations{0}, locks{0}, systemCalls{0};

} // namespace

// glibc's own names of its allocator.
extern "C" void *__libc_malloc(size_t);
extern "C" void *__libc_calloc(size_t, size_t);
extern "C" void *__libc_realloc(void *, size_t);

extern "C" void *malloc(size_t size) {
  allocations += counting.load();
  return __libc_malloc(size);
}
extern "C" void *calloc(size_t count, size_t size) {
  allocations += counting.load();
  return __libc_calloc(count, size);
}
extern "C" void *realloc(void *memory, size_t size) {
  allocations += counting.load();
  return __libc_realloc(memory, size);
}
extern "C" int pthread_mutex_lock(pthread_mutex_t *mutex) {
  static auto *real =
      reinterpret_cast<int (*)(pthread_mutex_t *)>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  locks += counting.load();
  return real(mutex);
}

namespace {

/// Traps every system call of every thread, but for `allowed`.
bool trapSystemCalls(std::vector<uint32_t> allowed) {
  struct sigaction action = {};
  action.sa_handler = [](int) { ++systemCalls; };
  sigaction(SIGSYS, &action, nullptr);
  std::vector<sock_filter> filter = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)}};
  for (uint32_t call : allowed) {
    filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call});
    filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  }
  filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP});
  sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

constexpr int kNoFilter = 90;

/// Runs in a process of its own; the exit code says what was counted.
int decode(uint32_t threads) {
  rt::Error error;
  std::vector<uint8_t> bytes = fakeArtifact(fakeModelContent());
  auto load = rt::make<lobit_load_options>();
  load.mode = LOBIT_LOAD_COPY;
  rt::Model model = rt::Model::open(bytes.data(), bytes.size(), error, &load);
  rt::Code code = rt::Code::bind(model, error);
  rt::Session session = rt::Session::create(code, threads, error);
  if (!session || !session.eval({11, 2}, error))
    return 10;
  uint64_t tokens = 0;
  auto onPiece = [&](const lobit_piece &) {
    ++tokens;
    return false;
  };
  session.generate(4, onPiece, error, /*ignoreEnd=*/true);
  // A thread that has waited long sleeps, and is woken.
  std::vector<uint32_t> allowed = {SYS_exit_group, SYS_rt_sigreturn};
  if (threads > 1)
    allowed.push_back(SYS_futex);
  if (!trapSystemCalls(allowed))
    return kNoFilter;
  counting = true;
  session.generate(32, onPiece, error, /*ignoreEnd=*/true);
  counting = false;
  if (error || tokens < 36)
    _exit(11);
  if (systemCalls != 0)
    _exit(12);
  if (allocations != 0)
    _exit(13);
  if (locks != 0)
    _exit(14);
  _exit(0);
}

TEST(SteadyState, CallsNeitherTheSystemNorTheAllocatorNorALock) {
  for (uint32_t threads : {1u, 2u}) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      _exit(decode(threads));
    int state = 0;
    waitpid(child, &state, 0);
    if (WIFEXITED(state) && WEXITSTATUS(state) == kNoFilter)
      GTEST_SKIP() << "this system allows no filter of system calls";
    EXPECT_TRUE(WIFEXITED(state)) << "signal " << WTERMSIG(state);
    EXPECT_EQ(WEXITSTATUS(state), 0)
        << threads << " threads; 12: system call, 13: allocation, 14: lock";
  }
}

} // namespace
