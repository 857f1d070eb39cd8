#include "passes/Lower/BufferPlan.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using namespace lobit;

TEST(BufferPlan, LiveBuffersAreDisjoint) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<PlannedBuffer> buffers(random() % 40);
    for (PlannedBuffer &buffer : buffers) {
      buffer.bytes = 1 + random() % 1000;
      buffer.first = random() % 20;
      buffer.last = buffer.first + random() % 6;
    }
    uint64_t total = planBuffers(buffers);
    for (const PlannedBuffer &a : buffers) {
      EXPECT_EQ(a.offset % 64, 0u);
      EXPECT_LE(a.offset + a.bytes, total);
      for (const PlannedBuffer &b : buffers) {
        bool meet = a.first <= b.last && b.first <= a.last;
        bool apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
        EXPECT_TRUE(&a == &b || !meet || apart);
      }
    }
  }
}

TEST(BufferPlan, ReusesMemoryOfTheDead) {
  std::vector<PlannedBuffer> buffers = {{100, 0, 1, 0}, {64, 1, 2, 0}, {100, 2, 3, 0}};
  EXPECT_EQ(planBuffers(buffers), 192u);
  EXPECT_EQ(buffers[0].offset, 0u);
  EXPECT_EQ(buffers[1].offset, 128u);
  EXPECT_EQ(buffers[2].offset, 0u);
}

TEST(BufferPlan, NothingNeedsNothing) {
  std::vector<PlannedBuffer> buffers;
  EXPECT_EQ(planBuffers(buffers), 0u);
}
