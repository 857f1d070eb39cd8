#include "passes/Emit/SafetensorsWriter.h"
#include "passes/Import/Safetensors.h"
#include "test/passes/Import/CheckpointTesting.h"

#include <gtest/gtest.h>

using namespace lobit;
using namespace lobit::test;

namespace {

struct MemorySink : ByteSink {
  std::string bytes;
  Status write(uint64_t offset, const uint8_t *data, uint64_t size) override {
    bytes.resize(std::max(bytes.size(), size_t(offset + size)));
    std::copy(data, data + size, bytes.begin() + long(offset));
    return Status();
  }
};

TEST(SafetensorsWriter, TheReaderReadsIt) {
  MemorySink sink;
  SafetensorsWriter writer(
      sink, {{"b", "U8", 1, {3}, 3}, {"a \"quoted\"", "F16", 2, {1, 2}, 4}, {"c", "F32", 4, {}, 4}},
      {{"format", "x"}});
  ASSERT_TRUE(writer.begin().ok());
  EXPECT_TRUE(writer.has("b"));
  EXPECT_FALSE(writer.has("a"));
  const uint8_t bytes[] = {1, 2, 3, 4};
  // In any order.
  for (const char *name : {"b", "c", "a \"quoted\""})
    ASSERT_TRUE(writer.write(name, bytes).ok());

  TemporaryDirectory directory;
  Result<Safetensors> file = Safetensors::openFile(directory.write("f", sink.bytes));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->formatOf("b"), "x");
  const SafetensorsTensor *c = file->find("c"), *a = file->find("a \"quoted\""),
                          *b = file->find("b");
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(a->shape, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(b->type, SafetensorsType::U8);
  EXPECT_EQ(std::vector<uint8_t>(b->bytes, b->bytes + b->size), (std::vector<uint8_t>{1, 2, 3}));
  // The largest elements first, so that all are aligned; the header ends at 8 bytes.
  EXPECT_EQ(a->bytes, c->bytes + 4);
  EXPECT_EQ(b->bytes, a->bytes + 4);
  EXPECT_EQ((c->bytes - file->files()[0]->bytes()) % 8, 0);
}

} // namespace
