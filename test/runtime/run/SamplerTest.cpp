#include "runtime/run/Sampler.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace lobit;

namespace {

struct Bench {
  explicit Bench(std::vector<float> values)
      : logits(std::move(values)), candidates(logits.size()), marks(logits.size(), 0) {
    sampler.useMemory(candidates.data(), marks.data(), uint32_t(logits.size()));
  }
  uint32_t sample(const std::vector<uint32_t> &history = {}) {
    return sampler.sample(logits.data(), history.data(), history.size());
  }
  std::vector<float> logits;
  std::vector<Sampler::Candidate> candidates;
  std::vector<uint32_t> marks;
  Sampler sampler;
};

Sampling sampling(float temperature, uint32_t topK = 0, float topP = 1, float minP = 0,
                  uint64_t seed = 1) {
  Sampling s;
  s.temperature = temperature;
  s.topK = topK;
  s.topP = topP;
  s.minP = minP;
  s.seed = seed;
  return s;
}

/// The tokens the filters keep, by sorting everything.
std::set<uint32_t> slowKept(const std::vector<float> &logits, const Sampling &s) {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < logits.size(); ++i)
    order.push_back(i);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  if (s.topK != 0 && s.topK < order.size())
    order.resize(s.topK);
  double total = 0, sum = 0;
  float top = logits[order[0]] / s.temperature;
  auto weight = [&](uint32_t id) { return double(portableExp(logits[id] / s.temperature - top)); };
  for (uint32_t id : order)
    total += weight(id);
  std::set<uint32_t> kept;
  for (uint32_t id : order) {
    if (!kept.empty() && ((s.topP < 1 && sum >= double(s.topP) * total) || weight(id) < s.minP))
      break;
    kept.insert(id);
    sum += weight(id);
  }
  return kept;
}

TEST(Exp, IsWithinTwoUlpOfTheTrueValue) {
  for (float x = -87; x <= 88; x += 0.0137f) {
    double exact = std::exp(double(x));
    float found = portableExp(x);
    float ulp = std::nextafterf(float(exact), INFINITY) - float(exact);
    EXPECT_LE(std::fabs(double(found) - exact), 2.0 * double(ulp)) << x;
  }
  EXPECT_EQ(portableExp(-87.5f), 0.0f);
  EXPECT_EQ(portableExp(0.0f), 1.0f);
}

TEST(Sampler, GreedyTakesTheLowestOfEquals) {
  Bench bench({1, 5, -2, 5, 0});
  EXPECT_EQ(bench.sample(), 1u);
}

TEST(Sampler, GreedyFindsTheLargestAtEveryPlace) {
  for (size_t count = 1; count <= 70; ++count)
    for (size_t place = 0; place < count; ++place) {
      std::vector<float> logits(count, -3.0f);
      logits[place] = -1.0f;
      EXPECT_EQ(Bench(logits).sample(), place) << count;
    }
}

TEST(Sampler, SameSeedSameTokens) {
  std::vector<float> logits;
  for (int i = 0; i < 500; ++i)
    logits.push_back(float(i * 7919 % 501) / 100.0f);
  Bench a(logits), b(logits);
  ASSERT_TRUE(a.sampler.set(sampling(0.9f, 40, 0.95f, 0.01f, 7)).ok());
  ASSERT_TRUE(b.sampler.set(sampling(0.9f, 40, 0.95f, 0.01f, 7)).ok());
  std::vector<uint32_t> first;
  for (int i = 0; i < 50; ++i) {
    first.push_back(a.sample());
    EXPECT_EQ(b.sample(), first.back());
  }
  ASSERT_TRUE(a.sampler.set(sampling(0.9f, 40, 0.95f, 0.01f, 7)).ok());
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(a.sample(), first[size_t(i)]);
  ASSERT_TRUE(b.sampler.set(sampling(0.9f, 40, 0.95f, 0.01f, 8)).ok());
  bool different = false;
  for (int i = 0; i < 50; ++i)
    different |= b.sample() != first[size_t(i)];
  EXPECT_TRUE(different);
}

TEST(Sampler, KeepsWhatTheFiltersKeep) {
  EXPECT_TRUE(rc::check("only kept tokens are drawn", [] {
    auto logits = *rc::gen::container<std::vector<float>>(
        40, rc::gen::map(rc::gen::inRange(-40, 40), [](int v) { return float(v) / 8.0f; }));
    Sampling s =
        sampling(*rc::gen::element(0.3f, 1.0f, 2.0f), *rc::gen::element(0u, 1u, 5u, 99u),
                 *rc::gen::element(0.1f, 0.5f, 0.9f, 1.0f),
                 *rc::gen::element(0.0f, 0.05f, 0.6f, 1.0f), *rc::gen::arbitrary<uint64_t>());
    Bench bench(logits);
    RC_ASSERT(bench.sampler.set(s).ok());
    std::set<uint32_t> kept = slowKept(logits, s);
    for (int i = 0; i < 20; ++i)
      RC_ASSERT(kept.count(bench.sample()) == 1u);
  }));
}

TEST(Sampler, FrequenciesFollowTheProbabilities) {
  Bench bench({0, std::log(2.0f), std::log(5.0f)});
  ASSERT_TRUE(bench.sampler.set(sampling(1)).ok());
  std::map<uint32_t, int> counts;
  for (int i = 0; i < 80000; ++i)
    ++counts[bench.sample()];
  // 1/8, 2/8, 5/8; five standard deviations of 80000 draws are below 700.
  EXPECT_NEAR(counts[0], 10000, 700);
  EXPECT_NEAR(counts[1], 20000, 700);
  EXPECT_NEAR(counts[2], 50000, 700);
}

TEST(Sampler, RepetitionPenalty) {
  Bench bench({4, 3, -1, -1.5f});
  Sampling s;
  s.repetitionPenalty = 2;
  ASSERT_TRUE(bench.sampler.set(s).ok());
  EXPECT_EQ(bench.sample({0}), 1u);          // 4 / 2 < 3
  EXPECT_EQ(bench.sample({0, 0, 0}), 1u);    // once, not three times: 2 > -1
  EXPECT_EQ(bench.sample({0, 1, 1, 1}), 0u); // 2 > 1.5
  s.repetitionWindow = 1;
  ASSERT_TRUE(bench.sampler.set(s).ok());
  EXPECT_EQ(bench.sample({0, 1}), 0u); // only the last one counts
  Bench negative({-2, -3});
  ASSERT_TRUE(negative.sampler.set(s).ok());
  EXPECT_EQ(negative.sample({0}), 1u); // -2 * 2 < -3
}

TEST(Sampler, RefusesValuesOutOfRange) {
  Sampler sampler;
  Sampling s;
  s.temperature = -1;
  EXPECT_EQ(sampler.set(s).message(), "temperature is -1.000000, expected 0 to 1000");
  s.temperature = NAN;
  EXPECT_FALSE(sampler.set(s).ok());
  s = {};
  s.topP = 1.5f;
  EXPECT_EQ(sampler.set(s).message(), "top_p is 1.500000, expected more than 0, at most 1");
  s = {};
  s.minP = 2;
  EXPECT_EQ(sampler.set(s).message(), "min_p is 2.000000, expected 0 to 1");
  s = {};
  s.repetitionPenalty = -2;
  EXPECT_EQ(sampler.set(s).message(),
            "repetition_penalty is -2.000000, expected more than 0, at most 1000");
}

} // namespace
