#include "runtime/cpu/Cpu.h"
#include "runtime/load/Code.h"
#include "test/runtime/support/FakeArtifact.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace lobit;
using namespace lobit::test;

namespace {

Result<std::shared_ptr<const Model>> openCopy(const Bytes &bytes) {
  LoadOptions options;
  options.copy = true;
  return Model::openMemory(view(bytes), options);
}

std::shared_ptr<const Model> modelOf(const ArtifactContent &content) {
  Result<std::shared_ptr<const Model>> model = openCopy(fakeArtifact(content));
  EXPECT_TRUE(model.ok()) << model.status().message();
  return *model;
}

Status bindStatus(const std::shared_ptr<const Model> &model, const CodeOptions &options) {
  return Code::bind(model, options).status();
}

TEST(Load, FileByMapAndByCopy) {
  std::string path = writeFile("load_good.lobit", fakeArtifact(fakeModelContent()));
  for (bool copy : {false, true})
    for (bool prefault : {false, true})
      for (VerifyLevel level : {VerifyLevel::Structure, VerifyLevel::Code, VerifyLevel::Full}) {
        LoadOptions options{copy, prefault, level};
        Result<std::shared_ptr<const Model>> model = Model::openFile(path.c_str(), options);
        ASSERT_TRUE(model.ok()) << model.status().message();
        EXPECT_EQ((*model)->metadata().vocab, kFakeVocab);
        EXPECT_EQ((*model)->verified(), level);
        ASSERT_TRUE((*model)->tokenizer());
        EXPECT_TRUE(bindStatus(*model, {}).ok());
      }
}

/// The last bit of the weights is flipped.
Bytes withDamagedWeights() {
  Bytes bytes = fakeArtifact(fakeModelContent());
  bytes.back() ^= 1;
  return bytes;
}

TEST(Load, TheDefaultChecksTheWeightsLater) {
  const std::string good = writeFile("load_good.lobit", fakeArtifact(fakeModelContent()));
  const std::string bad = writeFile("load_damaged.lobit", withDamagedWeights());
  for (bool copy : {false, true}) {
    LoadOptions options;
    options.copy = copy;
    Result<std::shared_ptr<const Model>> model = Model::openFile(good.c_str(), options);
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ((*model)->verified(), VerifyLevel::Code);
    (*model)->weightCheck()->workOnAllCpus();
    EXPECT_TRUE((*model)->weightCheck()->result().ok());
    EXPECT_EQ((*model)->verified(), VerifyLevel::Full);

    model = Model::openFile(bad.c_str(), options);
    ASSERT_TRUE(model.ok()) << model.status().message();
    for (int again = 0; again < 2; ++again) {
      (*model)->weightCheck()->work();
      const Status &status = (*model)->weightCheck()->result();
      EXPECT_EQ(status.code(), StatusCode::DIGEST_MISMATCH);
      EXPECT_EQ(status.message().find(bad + ": section weights, offset "), 0u) << status.message();
    }
    EXPECT_EQ((*model)->verified(), VerifyLevel::Code);

    options.verify = VerifyLevel::Full;
    Status status = Model::openFile(bad.c_str(), options).status();
    EXPECT_EQ(status.code(), StatusCode::DIGEST_MISMATCH);
    EXPECT_EQ(status.message().find(bad + ": section weights, offset "), 0u) << status.message();
  }
}

/// 11 leaves of the digest, three pieces of rows.
TEST(Load, ManyThreadsCheckManyPieces) {
  constexpr uint64_t rows = 4099, columns = 10240;
  ArtifactContent content = fakeModelContent();
  uint64_t end = 64;
  TensorInfo tensor;
  tensor.name = "large";
  tensor.scheme = Scheme::Ternary;
  tensor.layout = Layout::T2Tile;
  tensor.granularity = Granularity::Tensor;
  tensor.scaleType = ScaleType::F32;
  tensor.dims = {rows, columns};
  addTensor(content, end, tensor);
  const TensorInfo &large = content.tensors.back();
  Bytes weights(end, 0);
  weights[0] = kFakeSalt;
  std::fill_n(weights.begin() + long(large.dataOffset), large.dataBytes, uint8_t(0x55));

  auto check = [&](const Bytes &bytes) {
    LoadOptions options;
    options.copy = true;
    Result<std::shared_ptr<const Model>> model = Model::openMemory(view(bytes), options);
    EXPECT_TRUE(model.ok()) << model.status().message();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] { (*model)->weightCheck()->work(); });
    const Status status = (*model)->weightCheck()->result();
    for (std::thread &thread : threads)
      thread.join();
    options.verify = VerifyLevel::Full;
    EXPECT_EQ(Model::openMemory(view(bytes), options).status().message(), status.message());
    EXPECT_EQ(verifyArtifact(view(bytes), VerifyLevel::Full).message(), status.message());
    return status;
  };
  Bytes bytes = writeArtifact(content, weights);
  EXPECT_TRUE(check(bytes).ok());
  bytes[bytes.size() - (5 << 20)] ^= 1;
  EXPECT_EQ(check(bytes).code(), StatusCode::DIGEST_MISMATCH);

  // What the digest does not tell: row 4000 is in the last piece.
  Bytes invalid = weights;
  invalid[large.dataOffset + 4000 / 32 * (32 * columns / 4)] = 0xff;
  Status status = check(writeArtifact(content, invalid));
  EXPECT_EQ(status.code(), StatusCode::MALFORMED);
  EXPECT_NE(status.message().find(": large: an invalid weight code near row 4000, column 0"),
            std::string::npos)
      << status.message();
  invalid = weights;
  invalid[large.dataOffset + large.dataBytes - 1] = 0x56;
  EXPECT_NE(check(writeArtifact(content, invalid)).message().find("padding"), std::string::npos);
  invalid = weights;
  storeU32(invalid.data() + large.scaleOffset, 0x7fc00000);
  EXPECT_NE(check(writeArtifact(content, invalid)).message().find("scale of large"),
            std::string::npos);
}

/// Whether the kernel looks at madvise at all: qemu-user says yes to everything, and then a
/// mapped file that shrank is only found by touching it.
bool kernelObeysAdvice() {
  const size_t size = size_t(sysconf(_SC_PAGESIZE));
  void *page = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool obeys = madvise(page, size, 9999) != 0; // no advice has this number
  munmap(page, size);
  return obeys;
}

TEST(Load, AFileCutAfterOpeningIsAnErrorOfTheCheck) {
  for (bool copy : {false, true}) {
    if (!copy && !kernelObeysAdvice())
      continue;
    const std::string path = writeFile("load_shrinks.lobit", fakeArtifact(fakeModelContent()));
    LoadOptions options;
    options.copy = copy;
    Result<std::shared_ptr<const Model>> model = Model::openFile(path.c_str(), options);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_EQ(truncate(path.c_str(), 4096), 0);
    (*model)->weightCheck()->work();
    const Status &status = (*model)->weightCheck()->result();
    EXPECT_EQ(status.code(), StatusCode::IO);
    EXPECT_NE(status.message().find(copy ? "the file ends at byte" : "of the mapped file"),
              std::string::npos)
        << status.message();
  }
}

TEST(Load, ACopyThatNobodyChecksIsWhole) {
  const std::string path = writeFile("load_good.lobit", fakeArtifact(fakeModelContent()));
  LoadOptions options;
  options.copy = true;
  options.verify = VerifyLevel::Code;
  Result<std::shared_ptr<const Model>> model = Model::openFile(path.c_str(), options);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_FALSE((*model)->weightCheck());
  EXPECT_EQ((*model)->artifact().weights().data[0], kFakeSalt);
}

TEST(Load, NamesTheFileThatCannotBeOpened) {
  Result<std::shared_ptr<const Model>> model = Model::openFile("/nonexistent/m.lobit", {});
  EXPECT_EQ(model.status().code(), StatusCode::IO);
  EXPECT_EQ(model.status().message(),
            "/nonexistent/m.lobit: cannot be opened: No such file or directory");
  model = Model::openFile("/", {});
  EXPECT_EQ(model.status().code(), StatusCode::IO);
}

TEST(Load, EveryTruncationOfTheFileIsRefused) {
  Bytes bytes = fakeArtifact(fakeModelContent());
  for (size_t size : {size_t(0), size_t(1), size_t(8), size_t(4095), size_t(4096), size_t(4200),
                      bytes.size() / 2, bytes.size() - 1}) {
    std::string path =
        writeFile("load_cut.lobit", Bytes(bytes.begin(), bytes.begin() + long(size)));
    for (bool copy : {false, true}) {
      LoadOptions options;
      options.copy = copy;
      Result<std::shared_ptr<const Model>> model = Model::openFile(path.c_str(), options);
      ASSERT_FALSE(model.ok()) << size;
      EXPECT_EQ(statusExitCode(model.status().code()), 3) << model.status().message();
      EXPECT_EQ(model.status().message().find(path), 0u);
    }
  }
  Bytes longer = bytes;
  longer.push_back(0);
  Result<std::shared_ptr<const Model>> model =
      Model::openFile(writeFile("load_long.lobit", longer).c_str(), {});
  EXPECT_FALSE(model.ok());
}

TEST(Load, RefusesFlippedBitsAndNewerVersions) {
  Bytes bytes = fakeArtifact(fakeModelContent());
  for (size_t at : {size_t(9), size_t(70), size_t(4100), bytes.size() - 1, bytes.size() / 2}) {
    Bytes flipped = bytes;
    flipped[at] ^= 4;
    Result<std::shared_ptr<const Model>> model = openCopy(flipped);
    if (!model.ok())
      continue;
    (*model)->weightCheck()->work();
    EXPECT_FALSE((*model)->weightCheck()->result().ok()) << at;
  }
  Bytes newer = bytes;
  storeU32(newer.data() + 8, kFormatMajor + 1);
  reseal(newer);
  Result<std::shared_ptr<const Model>> model = openCopy(newer);
  EXPECT_EQ(model.status().code(), StatusCode::UNSUPPORTED_VERSION);
}

TEST(Load, BorrowedBytesMustBeAligned) {
  AlignedBytes bytes(fakeArtifact(fakeModelContent()));
  EXPECT_TRUE(Model::openMemory({bytes.data(), bytes.size()}, {}).ok());
  Result<std::shared_ptr<const Model>> model =
      Model::openMemory({bytes.data() + 4, bytes.size() - 4}, {});
  EXPECT_EQ(model.status().message(),
            "a borrowed artifact must be aligned to 64 bytes; align it or load a copy");
}

TEST(Load, RefusesADamagedTokenizer) {
  ArtifactContent content = fakeModelContent();
  content.tokenizer.resize(30);
  Result<std::shared_ptr<const Model>> model = openCopy(fakeArtifact(content));
  EXPECT_EQ(model.status().message(), "tokenizer: the section has 30 bytes, its header needs 64");
}

TEST(Code, TakesTheBestVariantAndCanBeForced) {
  std::shared_ptr<const Model> model = modelOf(fakeModelContent());
  std::vector<CodeVariant> variants = codeVariants(*model);
  ASSERT_EQ(variants.size(), 3u);
  EXPECT_EQ(variants[0].isa->isa, kFakeBaseline);
  EXPECT_TRUE(isRunnable(variants[0], 0));
  const CodeVariant *best = nullptr;
  for (const CodeVariant &variant : variants)
    if (isRunnable(variant, 0))
      best = &variant;
  Result<std::shared_ptr<const Code>> code = Code::bind(model, {});
  ASSERT_TRUE(code.ok()) << code.status().message();
  EXPECT_EQ(&(*code)->isa(), best->isa);
  EXPECT_TRUE((*code)->kernels());

  CodeOptions options;
  options.isa = fakeWord(kFakeBaseline);
  code = Code::bind(model, options);
  ASSERT_TRUE(code.ok());
  EXPECT_EQ((*code)->isa().isa, kFakeBaseline);
}

TEST(Code, SaysWhyAVariantIsNotTaken) {
  std::shared_ptr<const Model> model = modelOf(fakeModelContent());
  CodeOptions options;
  options.isa = "avx9";
  Status status = bindStatus(model, options);
  EXPECT_EQ(status.code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.message(), "there is no ISA named 'avx9'; known are " + isaWords());

  ArtifactContent content = fakeModelContent();
  content.code.resize(1);
  options.isa = fakeWord(kFakeIsas[1]);
  status = bindStatus(modelOf(content), options);
  EXPECT_EQ(status.code(), StatusCode::UNSUPPORTED);
  EXPECT_EQ(status.message(), "the artifact has no code for " + fakeWord(kFakeIsas[1]) +
                                  "; it has " + fakeWord(kFakeBaseline));

  options.isa = fakeWord(kFakeBest);
  const uint64_t missing = findIsa(kFakeBest)->requiredCpuFeatures & ~detectCpuFeatures();
  if (!missing)
    return; // the rest needs a CPU without it
  status = bindStatus(model, options);
  EXPECT_EQ(status.code(), StatusCode::UNSUPPORTED_CPU);
  EXPECT_EQ(status.message(), "code for " + fakeWord(kFakeBest) + " needs " +
                                  cpuFeatureWords(missing) +
                                  ", which this CPU or operating system does not offer");
  options.assumeCpuFeatures = ~0ull;
  EXPECT_TRUE(bindStatus(model, options).ok());
}

TEST(Code, PinnedRoot) {
  std::shared_ptr<const Model> model = modelOf(fakeModelContent());
  CodeOptions options;
  options.pinnedRoot = model->artifact().header().rootDigest;
  EXPECT_TRUE(bindStatus(model, options).ok());
  (*options.pinnedRoot)[0] ^= 1;
  Status status = bindStatus(model, options);
  EXPECT_EQ(status.code(), StatusCode::DIGEST_MISMATCH);
  EXPECT_EQ(status.message(),
            "the artifact's root digest is not the pinned one; its code is not run");
}

TEST(Code, ChecksTheCodeEvenWhenOnlyTheStructureWasVerified) {
  Bytes bytes = fakeArtifact(fakeModelContent());
  bytes[offsetOf(bytes, indexOf(bytes, SectionType::Code)) + 100] ^= 1;
  LoadOptions load;
  load.copy = true;
  load.verify = VerifyLevel::Structure;
  Result<std::shared_ptr<const Model>> model = Model::openMemory(view(bytes), load);
  ASSERT_TRUE(model.ok()) << model.status().message();
  CodeOptions options;
  options.isa = findIsa((*model)->artifact().codeSections()[0]->isa)->word;
  Status status = bindStatus(*model, options);
  EXPECT_EQ(status.code(), StatusCode::DIGEST_MISMATCH);
  EXPECT_EQ(status.message(),
            "code for " + fakeWord(kFakeBaseline) + ": the content does not match its digest");
}

TEST(Code, RefusesCodeOfAnotherForm) {
  ArtifactContent content = fakeModelContent();
  content.code.resize(1);
  content.code[0].object = Bytes(200, 0x90);
  Status status = bindStatus(modelOf(content), {});
  EXPECT_EQ(status.code(), StatusCode::MALFORMED);
  EXPECT_EQ(status.message(),
            "code for " + fakeWord(kFakeBaseline) + ": code is refused: it is no ELF file");

  content.code[0].object = fakeFunctionCode(); // one function; the metadata describe two
  status = bindStatus(modelOf(content), {});
  EXPECT_EQ(status.code(), StatusCode::MISMATCH);
  EXPECT_EQ(status.message(), "code for " + fakeWord(kFakeBaseline) +
                                  ": it has 1 functions, the metadata describes 2");
}

TEST(Code, ConstantsCannotBeChangedAfterBinding) {
  std::shared_ptr<const Model> model = modelOf(fakeModelContent());
  Result<std::shared_ptr<const Code>> code = Code::bind(model, {});
  ASSERT_TRUE(code.ok());
  auto *functions = const_cast<LobitFunction *>((*code)->table().functions);
  EXPECT_DEATH(functions[0] = nullptr, "");
}

TEST(Code, ManyBindingsLeaveNothingBehind) {
  std::shared_ptr<const Model> model = modelOf(fakeModelContent());
  auto descriptors = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd)
      count += dup2(fd, fd) == fd;
    return count;
  };
  int before = descriptors();
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(Code::bind(model, {}).ok());
  EXPECT_EQ(descriptors(), before);
}

} // namespace
