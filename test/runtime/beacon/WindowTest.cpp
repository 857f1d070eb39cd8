/// Windows of a running model.
#include "runtime/beacon/Window.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lobit;
using namespace lobit::beacon;

static std::vector<float> row(uint64_t i, uint32_t dim) {
  std::vector<float> out(dim);
  for (uint32_t j = 0; j < dim; ++j)
    out[j] = float(std::sin(double(i * dim + j)));
  return out;
}

static Window filled(uint32_t dim, uint64_t maxRows, Keep keep, uint64_t rows,
                     const char *sigma = "auto", std::optional<Projection> projection = {}) {
  Window window =
      std::move(Window::create(dim, maxRows, keep, *SigmaChoice::parse(sigma), projection)).value();
  for (uint64_t i = 0; i < rows; ++i)
    EXPECT_TRUE(window.add(row(i, dim).data()).ok());
  return window;
}

/// The same from an array.
static Summary direct(uint32_t dim, uint64_t begin, uint64_t end, const char *sigma = "auto") {
  std::vector<float> all;
  for (uint64_t i = begin; i < end; ++i) {
    const std::vector<float> one = row(i, dim);
    all.insert(all.end(), one.begin(), one.end());
  }
  return *summarize(Rows<float>(all.data(), end - begin, dim), *SigmaChoice::parse(sigma), true);
}

TEST(BeaconWindow, LastRowsThroughTheRing) {
  for (uint64_t rows : {1u, 7u, 8u, 9u, 20u, 24u}) {
    const Window window = filled(3, 8, Keep::Last, rows);
    const Summary summary = *window.summarize(true);
    const Summary want = direct(3, rows < 8 ? 0 : rows - 8, rows);
    EXPECT_EQ(summary.moments.mu, want.moments.mu);
    EXPECT_EQ(summary.moments.sigma, want.moments.sigma);
    ASSERT_TRUE(summary.halves && want.halves);
    EXPECT_EQ(summary.halves->first, want.halves->first);
    EXPECT_EQ(summary.halves->second, want.halves->second);
    EXPECT_EQ(window.rows(), std::min<uint64_t>(rows, 8));
  }
}

TEST(BeaconWindow, FirstRows) {
  Window window = filled(3, 8, Keep::First, 20);
  EXPECT_TRUE(window.isFull());
  EXPECT_EQ(window.summarize(true)->moments.mu, direct(3, 0, 8).moments.mu);
  window.clear();
  EXPECT_FALSE(window.summarize(true).ok());
  EXPECT_TRUE(window.add(row(3, 3).data()).ok());
  EXPECT_EQ(window.summarize(true)->moments.mu, direct(3, 3, 4).moments.mu);
}

TEST(BeaconWindow, ManyFirstRowsAreFolded) {
  for (const char *sigma : {"full", "diagonal", "none"}) {
    const Window window = filled(3, 100000, Keep::First, 9000, sigma);
    const Summary summary = *window.summarize(true), want = direct(3, 0, 9000, sigma);
    EXPECT_EQ(summary.moments.weight, 9000);
    EXPECT_EQ(summary.moments.kind, want.moments.kind);
    EXPECT_NEAR(summary.trace, want.trace, 1e-12);
    for (int j = 0; j < 3; ++j)
      EXPECT_NEAR(summary.moments.mu[j], want.moments.mu[j], 1e-14);
  }
}

TEST(BeaconWindow, Projected) {
  const std::optional<Projection> projection = Projection::parse("rp:1:4");
  const Window window = filled(50, 8, Keep::Last, 8, "auto", projection);
  EXPECT_EQ(window.dim(), 4u);
  const Summary summary = *window.summarize(true);
  double y[4], want = 0;
  for (uint64_t i = 0; i < 8; ++i) {
    projection->apply(row(i, 50).data(), 50, y);
    want += double(float(y[0]));
  }
  EXPECT_EQ(summary.moments.mu[0], want / 8);
}

TEST(BeaconWindow, Limits) {
  const SigmaChoice choice;
  EXPECT_EQ(Window::create(4, 4097, Keep::Last, choice, {}).status().code(),
            StatusCode::RESOURCE_LIMIT);
  EXPECT_EQ(Window::create(1 << 20, 65, Keep::Last, choice, {}).status().code(),
            StatusCode::RESOURCE_LIMIT);
  EXPECT_FALSE(Window::create(4, 0, Keep::Last, choice, {}).ok());
  EXPECT_EQ(
      Window::create(4, 5000, Keep::First, *SigmaChoice::parse("lowrank:2"), {}).status().code(),
      StatusCode::RESOURCE_LIMIT);
}

TEST(BeaconWindow, SigmaChoices) {
  for (const char *bad : {"", "lowrank", "lowrank:0", "lowrank:65", "lowrank:2x", "Full"})
    EXPECT_FALSE(SigmaChoice::parse(bad).ok()) << bad;
  EXPECT_EQ(SigmaChoice().resolve(127, 10).kind, SigmaChoice::Full);
  EXPECT_EQ(SigmaChoice().resolve(128, 10).kind, SigmaChoice::LowRank);
  EXPECT_EQ(SigmaChoice().resolve(128, 10).rank, 16u);
  EXPECT_EQ(SigmaChoice().resolve(128, 257).kind, SigmaChoice::Diagonal);
  EXPECT_EQ(SigmaChoice().resolve(128256, 10).kind, SigmaChoice::Diagonal);
}
