#include "runtime/run/ThreadPool.h"

namespace lobit {

// At a barrier the others are about to come; when one of them has lost its CPU, spinning
// only keeps it from getting one.
static constexpr uint64_t kBarrierNanoseconds = 100000;
// Between two jobs a token is chosen, among 128 K perhaps.
static constexpr uint64_t kJobNanoseconds = 1000000;

ThreadPool::ThreadPool(unsigned threads)
    : threads_(threads), spins_(threads <= platform::availableCpus()) {}

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(unsigned threads) {
  if (threads == 0 || threads > kMaxThreads)
    return Status(StatusCode::INVALID_ARGUMENT, std::to_string(threads) + " threads; 1 to " +
                                                    std::to_string(kMaxThreads) + " are possible");
  std::unique_ptr<ThreadPool> pool(new ThreadPool(threads));
  pool->workers_.reserve(threads);
  pool->handles_.reserve(threads);
  for (unsigned t = 1; t < threads; ++t) {
    pool->workers_.push_back({pool.get(), t});
    Result<platform::Thread> thread = platform::Thread::start(workerBody, &pool->workers_.back());
    if (!thread.ok())
      return std::move(thread).status();
    pool->handles_.push_back(std::move(thread).value());
  }
  return pool;
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  change(job_);
  handles_.clear();
}

void ThreadPool::await(std::atomic<uint32_t> &word, uint32_t value, uint64_t nanoseconds) {
  uint64_t end = 0;
  do {
    // The clock is looked at so rarely that it does not delay anybody.
    for (unsigned i = 0; i < 64; ++i) {
      if (word.load(std::memory_order_acquire) != value)
        return;
      platform::spinPause();
    }
    if (end == 0)
      end = platform::nowNanoseconds() + nanoseconds;
  } while (spins_ && platform::nowNanoseconds() < end);
  // Either change() sees the sleeper, or the wait sees the changed word.
  sleepers_.fetch_add(1);
  while (word.load() == value)
    platform::waitWhileEqual(word, value);
  sleepers_.fetch_sub(1);
}

void ThreadPool::change(std::atomic<uint32_t> &word) {
  word.fetch_add(1);
  if (sleepers_.load() != 0)
    platform::wakeAll(word);
}

void ThreadPool::barrier() {
  if (threads_ == 1)
    return;
  uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
    arrived_.store(0, std::memory_order_relaxed);
    change(phase_);
  } else {
    await(phase_, phase, kBarrierNanoseconds);
  }
}

void ThreadPool::workerBody(void *pointer) {
  Worker *worker = static_cast<Worker *>(pointer);
  ThreadPool &pool = *worker->pool;
  platform::FloatMode mode;
  for (uint32_t job = 0;; ++job) {
    pool.await(pool.job_, job, kJobNanoseconds);
    if (pool.stop_)
      return;
    pool.body_(pool.context_, worker->thread);
    pool.barrier();
  }
}

void ThreadPool::run(void (*body)(void *, unsigned), void *context) {
  platform::FloatMode mode;
  body_ = body;
  context_ = context;
  if (threads_ > 1)
    change(job_);
  body(context, 0);
  barrier();
}

} // namespace lobit
