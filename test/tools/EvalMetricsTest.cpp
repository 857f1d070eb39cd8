#include "tools/quant-eval/Windows.h"
#include "tools/support/Metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace lobit;

namespace {

TEST(Metrics, KnownValues) {
  const float equal[] = {3, 3, 3, 3};
  EXPECT_NEAR(negativeLogLikelihood(equal, 4, 2), std::log(4.0), 1e-12);
  const float huge[] = {1000, 1000 - float(std::log(3.0))};
  EXPECT_NEAR(negativeLogLikelihood(huge, 2, 0), std::log(4.0 / 3.0), 1e-4);
  const float p[] = {0, float(std::log(3.0))}, q[] = {0, 0};
  EXPECT_NEAR(klDivergence(p, q, 2), 0.25 * std::log(0.5) + 0.75 * std::log(1.5), 1e-6);
  EXPECT_EQ(klDivergence(p, p, 2), 0);
  const float ties[] = {1, 7, 7, 2};
  EXPECT_EQ(argmax(ties, 4), 1u);
}

TEST(Metrics, MeanAndStandardError) {
  Mean mean;
  EXPECT_EQ(mean.error(), 0);
  for (double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0})
    mean.add(value);
  EXPECT_DOUBLE_EQ(mean.mean(), 5);
  EXPECT_NEAR(mean.error(), std::sqrt(32.0 / 7 / 8), 1e-12);
}

TEST(Windows, EveryTokenIsScoredOnceWithEnoughBefore) {
  for (bool bos : {false, true})
    for (size_t room = 1; room < 12; ++room)
      for (size_t tokens = 1; tokens < 60; ++tokens) {
        if (!bos && room == 1)
          continue; // one token alone predicts nothing
        size_t next = bos ? 0 : 1;
        for (const Window &window : cutWindows(tokens, room, bos)) {
          EXPECT_EQ(window.scored, next);
          EXPECT_GT(window.end, window.scored);
          EXPECT_LE(window.end - window.begin, room);
          if (window.begin != 0) {
            EXPECT_GE(window.scored - window.begin, room - room / 2 - (room == 1 ? 1 : 0));
          }
          next = window.end;
        }
        EXPECT_EQ(next, std::max<size_t>(tokens, bos ? 0 : 1));
      }
}

} // namespace
