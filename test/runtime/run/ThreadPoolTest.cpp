#include "runtime/run/ThreadPool.h"

#include <gtest/gtest.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace lobit;

namespace {

TEST(ThreadPool, EveryThreadRunsOnceAndBarriersOrder) {
  for (unsigned threads : {1u, 2u, 3u, 7u}) {
    Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
    ASSERT_TRUE(pool.ok());
    struct Context {
      ThreadPool *pool;
      std::atomic<unsigned> arrived{0};
      std::atomic<unsigned> errors{0};
      unsigned counts[8] = {};
    } context;
    context.pool = pool->get();
    for (int job = 0; job < 200; ++job) {
      context.arrived = 0;
      (*pool)->run(
          [](void *pointer, unsigned thread) {
            Context &c = *static_cast<Context *>(pointer);
            ++c.counts[thread];
            for (unsigned round = 1; round <= 5; ++round) {
              ++c.arrived;
              c.pool->barrier();
              if (c.arrived != round * c.pool->threads())
                ++c.errors;
              c.pool->barrier();
            }
          },
          &context);
    }
    EXPECT_EQ(context.errors, 0u);
    for (unsigned t = 0; t < threads; ++t)
      EXPECT_EQ(context.counts[t], 200u);
  }
}

TEST(ThreadPool, RefusesImpossibleCounts) {
  EXPECT_EQ(ThreadPool::create(0).status().message(), "0 threads; 1 to 256 are possible");
  EXPECT_EQ(ThreadPool::create(257).status().message(), "257 threads; 1 to 256 are possible");
}

#if defined(__x86_64__)
TEST(ThreadPool, NormalizesTheFloatModeOnEveryThreadAndRestoresIt) {
  Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(3);
  ASSERT_TRUE(pool.ok());
  unsigned before = _mm_getcsr();
  unsigned hostile = 0x1F80 | 0x8040 | 0x4000; // flush to zero, denormals are zero, round up
  _mm_setcsr(hostile);
  unsigned modes[3] = {};
  (*pool)->run(
      [](void *pointer, unsigned thread) {
        static_cast<unsigned *>(pointer)[thread] = _mm_getcsr() & ~0x3Fu;
      },
      modes);
  unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(after, hostile);
  for (unsigned mode : modes)
    EXPECT_EQ(mode, 0x1F80u);
}
#endif

} // namespace
