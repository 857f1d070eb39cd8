/// \file
/// Artifacts around the hand-written code of FakeModelCode.c and FakeFunctionCode.c,
/// and what that model must answer, computed again here.
#ifndef LOBIT_TEST_RUNTIME_SUPPORT_FAKE_ARTIFACT_H
#define LOBIT_TEST_RUNTIME_SUPPORT_FAKE_ARTIFACT_H

#include "runtime/cpu/Cpu.h"
#include "runtime/format/KnownAnswers.h"
#include "runtime/format/TokenizerFormat.h"
#include "test/runtime/format/SmallArtifact.h"

#include <fstream>
#include <iterator>

namespace lobit::test {

constexpr uint32_t kFakeVocab = 300, kFakeContext = 64, kFakeRows = 8, kFakeHidden = 8;
/// The code is of the architecture the test runs on; the baseline comes first.
#if defined(__aarch64__)
constexpr Isa kFakeIsas[] = {Isa::Neon, Isa::NeonDotprod, Isa::NeonI8mm};
#else
constexpr Isa kFakeIsas[] = {Isa::X86V1, Isa::Avx2, Isa::Avx512Vnni};
#endif
constexpr Isa kFakeBaseline = kFakeIsas[0], kFakeBest = kFakeIsas[2];
inline std::string fakeWord(Isa isa) { return findIsa(isa)->word; }
constexpr uint8_t kFakeSalt = 0x5A;
constexpr uint32_t kFakeBos = 256, kFakeEos = 257;

inline Bytes readBytes(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}
inline Bytes fakeModelCode() { return readBytes(LOBIT_FAKE_MODEL_CODE); }
inline Bytes fakeFunctionCode() { return readBytes(LOBIT_FAKE_FUNCTION_CODE); }

inline uint32_t fakeMix(uint32_t h, uint32_t v) {
  h = (h ^ v) * 0x9E3779B1u;
  return h ^ h >> 15;
}
inline uint32_t fakeHash(const std::vector<uint32_t> &tokens) {
  uint32_t h = kFakeSalt;
  for (uint32_t token : tokens)
    h = fakeMix(h, token);
  return h;
}
/// Logits after the last of `tokens`.
inline std::vector<float> fakeLogits(const std::vector<uint32_t> &tokens) {
  std::vector<float> logits;
  for (uint32_t v = 0; v < kFakeVocab; ++v)
    logits.push_back(float(fakeMix(fakeHash(tokens), v) & 0xFFFF) / 1024.0f - 32.0f);
  return logits;
}
/// The hidden state after the last of `tokens`.
inline std::vector<float> fakeHidden(const std::vector<uint32_t> &tokens) {
  std::vector<float> hidden;
  for (uint32_t i = 0; i < kFakeHidden; ++i)
    hidden.push_back(float(fakeHash(tokens) >> 4 * i & 15));
  return hidden;
}
inline std::vector<float> fakeAllLogits(const std::vector<uint32_t> &tokens) {
  std::vector<float> all;
  for (size_t i = 1; i <= tokens.size(); ++i) {
    std::vector<float> row = fakeLogits({tokens.begin(), tokens.begin() + long(i)});
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

/// Bytes as ids 0..255, <s> = 256, </s> = 257, "th" = 258, a lone half of a character
/// (e2 82) = 259.
inline TokenizerData fakeTokenizer() {
  TokenizerData data;
  for (int byte = 0; byte < 256; ++byte)
    data.tokens.push_back(std::string(1, char(byte)));
  data.tokens.insert(data.tokens.end(), {"<s>", "</s>", "th", "\xE2\x82"});
  data.merges = {{'t', 'h', 258}, {0xE2, 0x82, 259}};
  data.added = {{kFakeBos, true}, {kFakeEos, true}};
  data.bos = kFakeBos;
  data.eos = {kFakeEos};
  data.addBos = true;
  return data;
}

inline ArtifactContent fakeModelContent() {
  ArtifactContent content;
  Metadata &metadata = content.metadata;
  metadata.maxRows = kFakeRows;
  metadata.scratchBytes = 4096;
  metadata.stateBytes = 4 * kFakeContext;
  metadata.vocab = kFakeVocab;
  metadata.hidden = kFakeHidden;
  metadata.headDim = metadata.intermediate = 8;
  metadata.layers = metadata.heads = metadata.kvHeads = 1;
  metadata.maxContext = kFakeContext;
  metadata.bos = kFakeBos;
  metadata.eos = {kFakeEos};
  metadata.inputs = {{"tokens", DataType::I32, {kDynamicDim}}};
  metadata.outputs = {{"logits", DataType::F32, {kDynamicDim, kFakeVocab}}};
  metadata.producer = "lobit test";
  metadata.family = "bitnet";
  LinearInfo linear;
  linear.granularity = Granularity::Tensor;
  linear.scaleType = ScaleType::F32;
  linear.out = 5;
  linear.in = 7;
  metadata.linears = {linear};
  uint64_t end = 0;
  TensorInfo tensor;
  tensor.name = "salt";
  tensor.scheme = Scheme::F32;
  tensor.dims = {2, 8};
  addTensor(content, end, tensor);
  content.tokenizer = *encodeTokenizer(fakeTokenizer());
  OperationInfo hash, logits;
  hash.label = "hash";
  hash.kernel = "fake_hash";
  logits.label = "lm_head";
  logits.kernel = "fake_logits";
  logits.layout = Layout::I8Dot;
  logits.weightBytes = 64;
  logits.flops = 300;
  for (Isa isa : kFakeIsas)
    content.code.push_back({isa, fakeModelCode(), {hash, logits}, /*hiddenOffset=*/64});

  for (AnswerPattern pattern : {AnswerPattern::Positive, AnswerPattern::Random}) {
    LinearAnswer answer;
    answer.pattern = pattern;
    answer.seed = 3;
    answer.rows = 2;
    LinearOperands operands = *makeLinearOperands(linear, answer);
    std::vector<float> y;
    for (int r = 0; r < 2; ++r)
      for (int o = 0; o < 5; ++o) {
        float sum = 0;
        for (int i = 0; i < 7; ++i)
          sum += operands.x[size_t(r * 7 + i)];
        y.push_back(sum);
      }
    answer.digest = outputDigest(y.data(), y.size());
    content.knownAnswers.linears.push_back(answer);
  }
  ModelAnswer answer;
  for (uint32_t i = 0; i < 20; ++i)
    answer.tokens.push_back(10 + i);
  std::vector<float> all = fakeAllLogits(answer.tokens);
  answer.digest = outputDigest(all.data(), all.size());
  content.knownAnswers.models = {answer};
  return content;
}

inline Bytes fakeArtifact(const ArtifactContent &content) {
  Bytes weights(64, 0);
  weights[0] = kFakeSalt;
  return writeArtifact(content, weights);
}

inline ArtifactContent fakeFunctionContent() {
  ArtifactContent content;
  Metadata &metadata = content.metadata;
  metadata.kind = ModelKind::Function;
  metadata.maxRows = kFakeRows;
  metadata.inputs = {{"a", DataType::F32, {kDynamicDim, 4}}, {"k", DataType::I32, {1}}};
  metadata.outputs = {{"sum", DataType::F32, {kDynamicDim, 4}}, {"count", DataType::F32, {1}}};
  metadata.producer = "lobit test";
  metadata.family = "function";
  uint64_t end = 0;
  TensorInfo tensor;
  tensor.name = "unused";
  tensor.scheme = Scheme::F32;
  tensor.dims = {2, 8};
  addTensor(content, end, tensor);
  content.code.push_back({kFakeBaseline, fakeFunctionCode(), {}});
  ModelAnswer answer;
  answer.seed = 5;
  std::vector<std::vector<uint8_t>> inputs = *makeFunctionInputs(metadata, answer.seed);
  float a[4];
  int32_t k;
  memcpy(a, inputs[0].data(), sizeof(a));
  memcpy(&k, inputs[1].data(), sizeof(k));
  std::vector<float> out;
  for (float value : a)
    out.push_back(value * float(k));
  out.push_back(1);
  answer.digest = outputDigest(out.data(), out.size());
  content.knownAnswers.models = {answer};
  return content;
}

inline std::string writeFile(const std::string &name, const Bytes &bytes) {
  std::string path = std::string(LOBIT_BINARY_DIR) + "/unittests/" + name;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
  return path;
}

/// 64-byte aligned copy, as a borrowed artifact must be.
class AlignedBytes {
public:
  explicit AlignedBytes(const Bytes &bytes) : storage_(bytes.size() + 64), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), data());
  }
  uint8_t *data() {
    uintptr_t address = reinterpret_cast<uintptr_t>(storage_.data());
    return storage_.data() + (64 - address % 64) % 64;
  }
  size_t size() const { return size_; }

private:
  Bytes storage_;
  size_t size_;
};

} // namespace lobit::test

#endif // LOBIT_TEST_RUNTIME_SUPPORT_FAKE_ARTIFACT_H
