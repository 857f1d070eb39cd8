// One test for each rule listed in passes/Import/Safetensors.h, and for the shards.
#include "passes/Import/Safetensors.h"
#include "test/passes/Import/CheckpointTesting.h"

#include <gtest/gtest.h>

using namespace lobit;
using namespace lobit::test;

namespace {

using Tensors = std::map<std::string, TestTensor>;

class SafetensorsTest : public testing::Test {
protected:
  /// The status of opening a file with these bytes.
  Status open(const std::string &bytes) {
    return Safetensors::openFile(directory_.write("m.safetensors", bytes)).status();
  }
  void expectError(const std::string &bytes, StatusCode code, const std::string &message) {
    Status status = open(bytes);
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("m.safetensors"), std::string::npos) << status.message();
  }
  void expectMalformed(const std::string &header, const std::string &data,
                       const std::string &message) {
    expectError(safetensors(header, data), StatusCode::MALFORMED, message);
  }

  TemporaryDirectory directory_;
};

const std::string kGood = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                          R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
const std::string kData = "01234567abc";

TEST_F(SafetensorsTest, ReadsTensors) {
  Result<Safetensors> file =
      Safetensors::openFile(directory_.write("m.safetensors", safetensors(kGood, kData)));
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ(file->tensors().size(), 2u);
  const SafetensorsTensor *b = file->find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->type, SafetensorsType::U8);
  EXPECT_EQ(std::string(reinterpret_cast<const char *>(b->bytes), b->size), "abc");
  EXPECT_EQ(file->find("a")->shape, std::vector<uint64_t>{2});
  EXPECT_EQ(file->find("c"), nullptr);
}

TEST_F(SafetensorsTest, ReadsEveryType) {
#define LOBIT_SAFETENSORS_TYPE(Name, bits)                                                         \
  EXPECT_TRUE(                                                                                     \
      open(safetensors(Tensors{{"t", {#Name, {3}, std::string(3 * (bits) / 8, '\0')}}})).ok())     \
      << #Name;
#include "passes/Import/SafetensorsTypes.inc"
}

TEST_F(SafetensorsTest, AcceptsScalarsAndEmptyTensors) {
  EXPECT_TRUE(open(safetensors("{}", "")).ok());
  EXPECT_TRUE(
      open(safetensors(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", "1234")).ok());
  // Empty tensors may share an offset.
  EXPECT_TRUE(
      open(safetensors(Tensors{
               {"a", {"F32", {0, 7}, ""}}, {"b", {"F32", {4, 0}, ""}}, {"c", {"U8", {1}, "x"}}}))
          .ok());
  EXPECT_TRUE(open(safetensors(R"({"e":{"dtype":"U8","shape":[18446744073709551615,0,2],)"
                               R"("data_offsets":[0,0]}})",
                               ""))
                  .ok());
  EXPECT_TRUE(open(safetensors(kGood + "     ", kData)).ok());
  EXPECT_TRUE(open(safetensors(R"({"__metadata__":{"format":"pt"}})", "")).ok());
}

TEST_F(SafetensorsTest, Rule01Length) {
  for (size_t size = 0; size < 8; ++size)
    expectError(std::string(size, '\0'), StatusCode::MALFORMED, "expected at least 8 bytes");
}

TEST_F(SafetensorsTest, Rule02HeaderLimit) {
  std::string file = safetensors(kGood, kData);
  for (uint64_t length :
       {uint64_t(100'000'001), uint64_t(1) << 32, uint64_t(1) << 63, ~uint64_t(0)}) {
    for (unsigned i = 0; i < 8; ++i)
      file[i] = char(length >> (8 * i));
    expectError(file, StatusCode::RESOURCE_LIMIT, std::to_string(length));
  }
}

TEST_F(SafetensorsTest, Rule03HeaderInsideFile) {
  std::string file = safetensors(kGood, kData);
  for (size_t size = 8; size < 8 + kGood.size(); ++size)
    expectError(file.substr(0, size), StatusCode::OUT_OF_BOUNDS, "is the download complete?");
}

TEST_F(SafetensorsTest, Rule04StartsWithBrace) {
  for (const char *header : {"", " {}", "[]", "\xEF\xBB\xBF{}"})
    expectMalformed(header, "", "starts with `{`");
}

TEST_F(SafetensorsTest, Rule05PaddedWithSpaces) {
  for (const char *tail : {"\n", "\t", "\r", "x", "{}", "  \n "})
    EXPECT_EQ(open(safetensors("{}" + std::string(tail), "")).code(), StatusCode::MALFORMED);
  EXPECT_EQ(open(safetensors(std::string("{}\0", 3), "")).code(), StatusCode::MALFORMED);
  expectMalformed("{}\n", "", "ends with `}` and spaces");
}

TEST_F(SafetensorsTest, Rule06Utf8) {
  for (const char *bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"})
    expectMalformed(R"({"__metadata__":{"k":")" + std::string(bad) + R"("}})", "",
                    "not valid JSON at byte");
}

TEST_F(SafetensorsTest, Rule07Json) {
  for (const char *bad : {"{a:1}", "{\"a\":}", "{,}", "{\"a\" 1}", "{{}", "{\"a\":1,}",
                          "{\"a\":/**/{}}", "{\"a\":NaN}", "{\"a\":01}"})
    expectMalformed(bad, "", "not valid JSON at byte");
  std::string deep = "{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + "}";
  expectMalformed(deep, "", "deeper than 32");
}

TEST_F(SafetensorsTest, Rule08TensorsAreObjects) {
  expectMalformed(R"({"a":[1]})", "", "tensor \"a\": expected an object, found an array");
  expectMalformed(R"({"a":null})", "", "expected an object, found null");
}

TEST_F(SafetensorsTest, Rule09NoKeyTwice) {
  std::string tensor = R"("a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]})";
  expectMalformed("{" + tensor + "," + tensor + "}", "abc", "has the key \"a\" twice");
  expectMalformed(R"({"a":{"dtype":"U8","dtype":"I8","shape":[3],"data_offsets":[0,3]}})", "abc",
                  "has the key \"dtype\" twice");
}

TEST_F(SafetensorsTest, Rule10Metadata) {
  expectMalformed(R"({"__metadata__":{"a":1}})", "", "expected a string for \"a\"");
  expectMalformed(R"({"__metadata__":{"a":{}}})", "", "expected a string for \"a\"");
  expectMalformed(R"({"__metadata__":"pt"})", "", "__metadata__: expected an object");
}

TEST_F(SafetensorsTest, Rule11Keys) {
  expectMalformed(R"({"a":{"dtype":"U8","shape":[3]}})", "abc", "found dtype, shape");
  expectMalformed(R"({"a":{"shape":[3],"data_offsets":[0,3]}})", "abc", "expected the keys");
  expectMalformed(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3],"x":1}})", "abc",
                  "found dtype, shape, data_offsets, x");
  expectMalformed(R"({"a":{}})", "", "found none");
}

TEST_F(SafetensorsTest, Rule12Types) {
  for (const char *type : {"\"F31\"", "\"f32\"", "\"\"", "7", "null"})
    expectMalformed(replaced(kGood, "\"F32\"", type), kData,
                    "tensor \"a\": expected a dtype of the safetensors format");
}

TEST_F(SafetensorsTest, Rule13Shape) {
  for (const char *shape :
       {"[-2]", "[2.0]", "[\"2\"]", "[-0]", "[2e0]", "[null]", "[18446744073709551616]"})
    expectMalformed(replaced(kGood, "[2]", shape), kData, "natural numbers in its shape");
  expectMalformed(replaced(kGood, "[2]", "2"), kData, "at most 8 dimensions");
  expectMalformed(replaced(kGood, "[2]", "[2,1,1,1,1,1,1,1,1]"), kData, "at most 8 dimensions");
  EXPECT_TRUE(open(safetensors(replaced(kGood, "[2]", "[2,1,1,1,1,1,1,1]"), kData)).ok());
}

TEST_F(SafetensorsTest, Rule14Offsets) {
  for (const char *offsets : {"[0]", "[0,8,9]", "[-1,8]", "[0.0,8]", "8", "[\"0\",8]"})
    expectMalformed(replaced(kGood, "[0,8]", offsets), kData, "data_offsets of two natural");
  expectMalformed(replaced(kGood, "[0,8]", "[8,0]"), kData, "data_offsets that ascend");
}

TEST_F(SafetensorsTest, Rule15InsideFile) {
  for (const char *end : {"12", "4294967296", "18446744073709551615"})
    expectError(safetensors(replaced(kGood, "[8,11]", "[8," + std::string(end) + "]"), kData),
                StatusCode::OUT_OF_BOUNDS, "lie outside the file");
  std::string file = safetensors(kGood, kData);
  for (size_t cut = 1; cut <= kData.size(); ++cut)
    expectError(file.substr(0, file.size() - cut), StatusCode::OUT_OF_BOUNDS,
                "lie outside the file");
}

TEST_F(SafetensorsTest, Rule16Overflow) {
  for (const char *shape : {"[4611686018427387904]", "[4294967296,4294967296]",
                            "[18446744073709551615]", "[2147483648,2147483648,4]"})
    expectMalformed(replaced(kGood, "[2]", shape), kData, "larger than 2^64 bytes");
  // 2^62 values of 4 bytes wrap to 0: an empty range must not fit.
  expectMalformed(R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", "",
                  "larger than 2^64 bytes");
}

TEST_F(SafetensorsTest, Rule17Size) {
  for (const char *shape : {"[1]", "[3]", "[]", "[0]", "[2,2]", "[2147483647]"})
    expectError(safetensors(replaced(kGood, "[2]", shape), kData), StatusCode::MISMATCH,
                "data_offsets [0, 8] hold 8");
  expectError(safetensors(replaced(kGood, "F32", "BF16"), kData), StatusCode::MISMATCH,
              "shape [2] of BF16 needs 4 bytes");
}

TEST_F(SafetensorsTest, Rule18NoHole) {
  expectMalformed(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", "abcd",
                  "starts at byte 1, expected 0: the tensors leave a hole");
  expectMalformed(replaced(kGood, "[8,11]", "[9,12]"), kData + "d", "leave a hole");
}

TEST_F(SafetensorsTest, Rule19NoOverlap) {
  expectMalformed(replaced(kGood, "[8,11]", "[7,10]"), kData,
                  "tensor \"b\": starts at byte 7, expected 8: it overlaps tensor \"a\"");
  expectMalformed(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                  R"("b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})",
                  "abc", "overlaps");
}

TEST_F(SafetensorsTest, Rule20EndsWithFile) {
  expectMalformed(kGood, kData + "!", "the tensors end at byte 11, the file has 12");
  expectMalformed("{}", "!", "the tensors end at byte 0");
}

TEST_F(SafetensorsTest, Rule21Names) {
  auto named = [&](const std::string &name) { return replaced(kGood, "\"a\"", name); };
  expectMalformed(named("\"\""), kData, "tensor names of 1 to 1024 bytes");
  expectMalformed(named(R"("a\n")"), kData, "without control characters");
  expectMalformed(named(R"("a\u0000")"), kData, "without control characters");
  expectMalformed(named("\"" + std::string(1025, 'x') + "\""), kData, "found one of 1025 bytes");
  EXPECT_TRUE(open(safetensors(named("\"" + std::string(1024, 'x') + "\""), kData)).ok());
}

TEST_F(SafetensorsTest, EveryBitFlipOfTheHeaderIsRefusedOrHarmless) {
  std::string file = safetensors(kGood, kData);
  for (size_t bit = 0; bit < 8 * (8 + kGood.size()); ++bit) {
    std::string flipped = file;
    flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << (bit % 8)));
    Result<Safetensors> read = Safetensors::openFile(directory_.write("m.safetensors", flipped));
    if (!read.ok())
      continue;
    // Only names and types of the same size can differ in what is accepted.
    uint64_t bytes = 0;
    for (const auto &entry : read->tensors())
      bytes += entry.second.size;
    EXPECT_EQ(bytes, kData.size()) << "bit " << bit;
    EXPECT_EQ(read->tensors().size(), 2u) << "bit " << bit;
  }
}

TEST_F(SafetensorsTest, FilesThatAreNoFiles) {
  EXPECT_EQ(Safetensors::openFile(directory_.path() + "/none").status().code(), StatusCode::IO);
  Status status = Safetensors::openFile(directory_.path()).status();
  EXPECT_EQ(status.code(), StatusCode::MALFORMED);
  EXPECT_NE(status.message().find("expected a regular file"), std::string::npos);
  std::string pipe = directory_.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(Safetensors::openFile(pipe).status().code(), StatusCode::MALFORMED);
}

class ShardsTest : public testing::Test {
protected:
  ShardsTest() {
    directory_.write("one.safetensors", safetensors(Tensors{{"a", {"U8", {1}, "a"}}}));
    directory_.write("two.safetensors",
                     safetensors(Tensors{{"b", {"U8", {1}, "b"}}, {"c", {"U8", {1}, "c"}}}));
    index(R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"}})");
  }
  void index(const std::string &text) { directory_.write("model.safetensors.index.json", text); }
  void indexOne(const std::string &file) { index("{\"weight_map\":{\"a\":\"" + file + "\"}}"); }
  void expectError(StatusCode code, const std::string &message) {
    Status status = Safetensors::openSharded(directory_.path()).status();
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  }

  TemporaryDirectory directory_;
};

TEST_F(ShardsTest, ReadsAllShards) {
  Result<Safetensors> shards = Safetensors::openSharded(directory_.path());
  ASSERT_TRUE(shards.ok()) << shards.status().message();
  EXPECT_EQ(shards->tensors().size(), 3u);
  EXPECT_EQ(*shards->find("c")->bytes, 'c');
  EXPECT_EQ(shards->fileOf("c"), directory_.path() + "/two.safetensors");
}

TEST_F(ShardsTest, IndexIsChecked) {
  index("[]");
  expectError(StatusCode::MALFORMED, "expected an object `weight_map`");
  index(R"({"weight_map":[]})");
  expectError(StatusCode::MALFORMED, "expected an object `weight_map`");
  index(R"({"weight_map":{"a":1}})");
  expectError(StatusCode::MALFORMED, "tensor \"a\": expected the name of a file");
  index(R"({"weight_map":{"a":"one.safetensors","a":"two.safetensors"}})");
  expectError(StatusCode::MALFORMED, "has the key \"a\" twice");
  index("{");
  expectError(StatusCode::MALFORMED, "not valid JSON");
}

TEST_F(ShardsTest, TensorsAreWhereTheIndexSays) {
  index(R"({"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}})");
  expectError(StatusCode::MISSING, "tensor \"b\": expected in one.safetensors");
  index(R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  expectError(StatusCode::MISMATCH, "has 2 tensors, the index names 1");
  directory_.write("two.safetensors", safetensors(Tensors{{"a", {"U8", {1}, "a"}}}));
  expectError(StatusCode::AMBIGUOUS, "tensor \"a\" is also in");
}

TEST_F(ShardsTest, NamesAreSingleComponents) {
  for (const char *name : {"../one.safetensors", "/etc/passwd", "sub/one.safetensors", "..", ".",
                           "", "a/../one.safetensors", "./one.safetensors"}) {
    indexOne(name);
    expectError(StatusCode::MALFORMED, "expected the name of a file in this directory");
  }
  indexOne("one.safetensors\\u0000x");
  expectError(StatusCode::MALFORMED, "expected the name of a file in this directory");
}

TEST_F(ShardsTest, NoLinksNoDevicesNoDirectories) {
  TemporaryDirectory outside;
  std::string secret = outside.write("secret", safetensors(Tensors{{"a", {"U8", {1}, "a"}}}));
  std::string link = directory_.path() + "/link";
  ASSERT_EQ(symlink(secret.c_str(), link.c_str()), 0);
  indexOne("link");
  expectError(StatusCode::MALFORMED, "found a symbolic link; copy the model with `cp -rL`");
  std::string hard = directory_.path() + "/hard";
  ASSERT_EQ(::link(secret.c_str(), hard.c_str()), 0);
  indexOne("hard");
  expectError(StatusCode::MALFORMED, "found a hard link");
  ASSERT_EQ(mkdir((directory_.path() + "/folder").c_str(), 0700), 0);
  indexOne("folder");
  expectError(StatusCode::MALFORMED, "expected a regular file");
  ASSERT_EQ(mkfifo((directory_.path() + "/pipe").c_str(), 0600), 0);
  indexOne("pipe");
  expectError(StatusCode::MALFORMED, "expected a regular file");
  indexOne("none");
  expectError(StatusCode::IO, "cannot open it");
}

} // namespace
