/// \file
/// Threads that run one function together (SPMD) and meet at a barrier. Waiting spins
/// briefly, then sleeps.
#ifndef LOBIT_RUN_THREAD_POOL_H
#define LOBIT_RUN_THREAD_POOL_H

#include "runtime/platform/Thread.h"

#include <memory>
#include <vector>

namespace lobit {

class ThreadPool {
public:
  static constexpr unsigned kMaxThreads = 256;
  /// Starts `threads` - 1 workers; the caller of run() is thread 0.
  static Result<std::unique_ptr<ThreadPool>> create(unsigned threads);
  ~ThreadPool();

  unsigned threads() const { return threads_; }

  /// Calls body(context, t) for t = 0 .. threads - 1 at once, each with the float mode
  /// that generated code needs; returns when all have returned. Allocates nothing.
  void run(void (*body)(void *context, unsigned thread), void *context);

  /// Inside run(): returns when all threads have called it.
  void barrier();

private:
  struct Worker {
    ThreadPool *pool;
    unsigned thread;
  };

  explicit ThreadPool(unsigned threads);
  static void workerBody(void *worker);
  /// Returns when `word` is no longer `value`; sleeps when that takes longer than
  /// `nanoseconds`.
  void await(std::atomic<uint32_t> &word, uint32_t value, uint64_t nanoseconds);
  void change(std::atomic<uint32_t> &word);

  const unsigned threads_;
  const bool spins_; ///< there is a CPU for each thread
  std::vector<Worker> workers_;
  std::vector<platform::Thread> handles_;
  void (*body_)(void *, unsigned) = nullptr;
  void *context_ = nullptr;
  bool stop_ = false;

  alignas(64) std::atomic<uint32_t> job_{0}; ///< changes when there is work
  alignas(64) std::atomic<uint32_t> arrived_{0};
  alignas(64) std::atomic<uint32_t> phase_{0}; ///< changes when all have arrived
  alignas(64) std::atomic<uint32_t> sleepers_{0};
};

} // namespace lobit

#endif // LOBIT_RUN_THREAD_POOL_H
