// Weights that were made before their place was known end at the right one.
#include "passes/Emit/KeptWeights.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>
#include <unistd.h>

using namespace lobit;

namespace {

class KeptWeightsTest : public testing::Test {
protected:
  KeptWeightsTest() {
    path = "/tmp/lobit-kept-" + std::to_string(getpid());
    file = std::move(AtomicFile::create(path).value());
  }

  static PackedWeights::Key key(const char *name) {
    return PackedWeights::keyOf(name, "absmax", mlir::Type());
  }
  /// Two weights of four bytes and a scale, at 0 and 64.
  static KeptWeights::Places places(uint64_t second = 64) {
    return {{key("a"), {0, 8, ScaleType::F32}}, {key("b"), {second, second + 8, ScaleType::F16}}};
  }
  void make(const char *name, uint8_t value) {
    const std::vector<uint8_t> bytes(4, value);
    const PieceSink sink = kept.open(key(name), 4);
    ASSERT_TRUE(sink);
    sink(2, bytes.data(), 2);
    sink(0, bytes.data(), 2);
    kept.close({1.0f});
  }
  std::vector<uint8_t> bytesAt(uint64_t offset, uint64_t size) {
    std::vector<uint8_t> bytes(size);
    EXPECT_TRUE(file->read(offset, bytes.data(), size).ok());
    return bytes;
  }
  void expectWritten(uint64_t start) {
    EXPECT_TRUE(kept.isWritten(key("a")));
    EXPECT_TRUE(kept.isWritten(key("b")));
    EXPECT_EQ(bytesAt(start, 4), std::vector<uint8_t>(4, 1));
    EXPECT_EQ(bytesAt(start + 8, 4), (std::vector<uint8_t>{0, 0, 0x80, 0x3f}));
    EXPECT_EQ(bytesAt(start + 64, 4), std::vector<uint8_t>(4, 2));
    EXPECT_EQ(bytesAt(start + 72, 2), (std::vector<uint8_t>{0, 0x3c}));
  }

  std::string path;
  std::unique_ptr<AtomicFile> file;
  KeptWeights kept{100, 2};
};

TEST_F(KeptWeightsTest, WritesWhatWasMadeBeforeAndAfter) {
  make("a", 1);
  kept.writeTo(*file, 4096, places());
  make("b", 2);
  ASSERT_TRUE(kept.settle(4096, places()).ok());
  expectWritten(4096);
}

class KeptWeightsMoveTest : public KeptWeightsTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(KeptWeightsMoveTest, FollowTheSection) {
  make("a", 1);
  make("b", 2);
  kept.writeTo(*file, 4096, places());
  ASSERT_TRUE(kept.settle(GetParam(), places()).ok());
  expectWritten(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Starts, KeptWeightsMoveTest, testing::Values(4064, 4128, 12288));

TEST_F(KeptWeightsTest, ForgetsWhatLiesAtAnotherPlace) {
  make("a", 1);
  make("b", 2);
  kept.writeTo(*file, 4096, places());
  ASSERT_TRUE(kept.settle(4096, places(128)).ok());
  EXPECT_FALSE(kept.isWritten(key("a")));
  EXPECT_FALSE(kept.isWritten(key("b")));
  EXPECT_EQ(file->size(), 0u);
}

TEST_F(KeptWeightsTest, ForgetsAllWhenOneWasLeftHalfWritten) {
  kept.writeTo(*file, 4096, places());
  make("a", 1);
  const uint8_t byte = 7;
  kept.open(key("b"), 4)(0, &byte, 1);
  ASSERT_TRUE(kept.settle(4096, places()).ok());
  EXPECT_FALSE(kept.isWritten(key("a")));
}

TEST_F(KeptWeightsTest, KeepsNoMoreThanItsBudget) {
  make("a", 1);
  EXPECT_FALSE(kept.open(key("c"), 93));
  EXPECT_FALSE(kept.take(key("c")));
  const std::optional<EvaluatedWeight> weight = kept.take(key("a"));
  ASSERT_TRUE(weight);
  EXPECT_EQ(weight->bytes, std::vector<uint8_t>(4, 1));
  EXPECT_EQ(weight->scales, std::vector<float>(1, 1.0f));
  EXPECT_FALSE(kept.take(key("a")));
  EXPECT_TRUE(kept.open(key("c"), 93));
}

} // namespace
