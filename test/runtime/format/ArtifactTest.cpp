// One rejecting test for every rule of docs/format.md, and exhaustive damage.
#include "test/runtime/format/SmallArtifact.h"

#include <gtest/gtest.h>

#include <functional>

using namespace lobit;
using namespace lobit::test;

namespace {

TEST(Artifact, RoundTrip) {
  const ArtifactContent content = smallContent();
  const Bytes bytes = smallArtifact();
  Result<ArtifactView> opened = ArtifactView::open(view(bytes), VerifyLevel::Full);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  const ArtifactView &artifact = *opened;

  EXPECT_EQ(artifact.header().fileBytes, bytes.size());
  const Metadata &metadata = artifact.metadata();
  EXPECT_EQ(metadata.vocab, 16u);
  EXPECT_EQ(metadata.eos, content.metadata.eos);
  EXPECT_EQ(metadata.inputs[0].name, "tokens");
  EXPECT_EQ(metadata.outputs[0].dims, (std::vector<uint64_t>{kDynamicDim, 16}));
  EXPECT_EQ(metadata.producer, "lobit test");
  ASSERT_EQ(metadata.linears.size(), 1u);
  EXPECT_EQ(metadata.linears[0].in, 7u);

  ASSERT_EQ(artifact.tensors().size(), 6u);
  EXPECT_EQ(artifact.tensors()[0].name, "embed");
  const TensorInfo *head = artifact.findTensor("lm_head");
  ASSERT_TRUE(head);
  EXPECT_EQ(artifact.tensors()[head->aliasOf].name, "embed");
  const TensorInfo *query = artifact.findTensor("layers.0.q_proj");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->groupSize, 32u);
  EXPECT_EQ(query->scaleBytes, 5u * 2 * 2);
  EXPECT_EQ(artifact.findTensor("none"), nullptr);

  ASSERT_EQ(artifact.kernels().size(), 2u);
  EXPECT_EQ(artifact.kernels()[0].isa, Isa::X86V1);
  EXPECT_EQ(artifact.kernels()[1].operations.size(), 2u);
  EXPECT_EQ(artifact.kernels()[1].operations[1].kernel, "lobit_s8_t2_linear_5x40");
  ASSERT_EQ(artifact.codeSections().size(), 2u);
  EXPECT_EQ(artifact.codeSections()[1]->cpuFeatures, uint64_t(CpuAvx2));
  EXPECT_EQ(artifact.content(*artifact.codeSections()[1]).data[0], 0xc3);
  EXPECT_EQ(artifact.tokenizer().size, 3u);
  EXPECT_EQ(artifact.report().size, 2u);
  EXPECT_EQ(artifact.weights().size, smallWeights(content).size());
  EXPECT_EQ(artifact.knownAnswers().models[0].tokens, (std::vector<uint32_t>{1, 4, 7}));
  EXPECT_EQ(artifact.knownAnswers().linears[0].rows, 2u);
}

TEST(Artifact, OptionalSectionsMayBeAbsent) {
  ArtifactContent content = smallContent();
  content.tokenizer.clear();
  content.report.clear();
  content.code.pop_back();
  content.code[0].isa = Isa::X86V1;
  const Bytes bytes = writeArtifact(content, smallWeights(content));
  Result<ArtifactView> artifact = ArtifactView::open(view(bytes), VerifyLevel::Full);
  ASSERT_TRUE(artifact.ok()) << artifact.status().message();
  EXPECT_EQ(artifact->tokenizer().size, 0u);
}

TEST(Artifact, SameContentSameBytes) { EXPECT_EQ(smallArtifact(), smallArtifact()); }

// The bytes of format 1.0: a change here means that old files cannot be read.
TEST(Artifact, GoldenDigest) {
  const Bytes bytes = smallArtifact();
  EXPECT_EQ(bytes.size(), 17798u);
  EXPECT_EQ(hexText(Sha256::of(bytes.data(), bytes.size())),
            "3c719580b36d4abada38e14c6ce7d75ef2754ddb2b74e61b1dab53242505c819");
}

TEST(Artifact, EverySingleBitFlipIsRefused) {
  Bytes bytes = smallArtifact();
  ASSERT_TRUE(verifyArtifact(view(bytes), VerifyLevel::Full).ok());
  for (size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] ^= uint8_t(1 << bit);
      ASSERT_FALSE(verifyArtifact(view(bytes), VerifyLevel::Full).ok())
          << "byte " << at << ", bit " << bit;
      bytes[at] ^= uint8_t(1 << bit);
    }
}

TEST(Artifact, EveryTruncationAndExtensionIsRefused) {
  const Bytes bytes = smallArtifact();
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A heap copy of exactly this size, so that a sanitizer sees a read beyond it.
    const Bytes cut(bytes.begin(), bytes.begin() + size);
    ASSERT_FALSE(verifyArtifact(view(cut), VerifyLevel::Full).ok()) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(verifyArtifact(view(longer), VerifyLevel::Structure).code(), StatusCode::OUT_OF_BOUNDS);
}

/// With digests made right, a cut file is refused by the rules.
TEST(Artifact, EveryResealedTruncationIsRefused) {
  const Bytes bytes = smallArtifact();
  for (size_t size = kHeaderBytes; size < bytes.size(); ++size) {
    Bytes cut(bytes.begin(), bytes.begin() + size);
    storeU64(cut.data() + at::Header::fileBytes, size);
    reseal(cut);
    ASSERT_FALSE(verifyArtifact(view(cut), VerifyLevel::Full).ok()) << size;
  }
}

TEST(Artifact, TellsWhereTheHiddenStateIs) {
  Bytes bytes = smallArtifact();
  ArtifactView artifact = *ArtifactView::open(view(bytes), VerifyLevel::Full);
  EXPECT_FALSE(artifact.kernels()[0].hiddenOffset);
  uint8_t *variant = bytes.data() + offsetOf(bytes, indexOf(bytes, SectionType::Kernels)) +
                     at::KernelTable::kBytes;
  storeU32(variant + at::Variant::hidden, 33); // 2048 of 4096 bytes, the last place
  reseal(bytes);
  artifact = *ArtifactView::open(view(bytes), VerifyLevel::Full);
  EXPECT_EQ(artifact.kernels()[0].hiddenOffset, 2048u);
  EXPECT_FALSE(artifact.kernels()[1].hiddenOffset);
}

//===--- rules --------------------------------------------------------------===//

/// Where things lie in the small artifact.
struct Places {
  explicit Places(const Bytes &bytes) : bytes(bytes) {}
  uint64_t start(SectionType type) const { return offsetOf(bytes, indexOf(bytes, type)); }
  uint64_t table(SectionType type, uint64_t field) const {
    return recordOf(indexOf(bytes, type)) + field;
  }
  uint64_t metadata(uint64_t field) const { return start(SectionType::Metadata) + field; }
  uint64_t value(uint64_t index, uint64_t field) const {
    return metadata(at::Metadata::kBytes) + 16 + index * at::Value::kBytes + field;
  }
  uint64_t linear(uint64_t field) const { return value(2, 0) + field; }
  /// 0 embed, 1 layers.0.q_proj, 2 lm_head, 3 norm.
  uint64_t tensor(uint64_t index, uint64_t field) const {
    return start(SectionType::Tensors) + at::TensorTable::kBytes + index * at::Tensor::kBytes +
           field;
  }
  uint64_t kernels(uint64_t field) const { return start(SectionType::Kernels) + field; }
  uint64_t variant(uint64_t index, uint64_t field) const {
    return kernels(at::KernelTable::kBytes) + index * at::Variant::kBytes + field;
  }
  uint64_t operation(uint64_t field) const { return variant(2, 0) + field; }
  uint64_t answers(uint64_t field) const { return start(SectionType::KnownAnswers) + field; }
  uint64_t linearAnswer(uint64_t field) const { return answers(at::AnswerTable::kBytes) + field; }
  uint64_t modelAnswer(uint64_t field) const {
    return linearAnswer(at::LinearAnswer::kBytes) + field;
  }
  const Bytes &bytes;
};

/// Sets fields, makes the digests right, and expects a message.
struct Rule {
  const char *name;
  std::function<uint64_t(const Places &)> place;
  unsigned size;
  uint64_t value;
  StatusCode code;
  const char *message;
};

const StatusCode bad = StatusCode::MALFORMED;
const StatusCode limit = StatusCode::RESOURCE_LIMIT;

#define HEADER(field) [](const Places &) { return at::Header::field; }
#define TABLE(type, field)                                                                         \
  [](const Places &p) { return p.table(SectionType::type, at::Section::field); }
#define METADATA(field) [](const Places &p) { return p.metadata(at::Metadata::field); }
#define VALUE(index, field) [](const Places &p) { return p.value(index, at::Value::field); }
#define LINEAR(field) [](const Places &p) { return p.linear(at::Linear::field); }
#define TENSOR(index, field) [](const Places &p) { return p.tensor(index, at::Tensor::field); }
#define KERNELS(field) [](const Places &p) { return p.kernels(at::KernelTable::field); }
#define VARIANT(field) [](const Places &p) { return p.variant(0, at::Variant::field); }
#define OPERATION(field) [](const Places &p) { return p.operation(at::Operation::field); }
#define ANSWERS(field) [](const Places &p) { return p.answers(at::AnswerTable::field); }
#define LINEAR_ANSWER(field) [](const Places &p) { return p.linearAnswer(at::LinearAnswer::field); }
#define MODEL_ANSWER(field) [](const Places &p) { return p.modelAnswer(at::ModelAnswer::field); }

const Rule rules[] = {
    {"magic", HEADER(magic), 1, 0x88, bad, "header, offset 0: magic"},
    {"newer major", HEADER(major), 4, 2, StatusCode::UNSUPPORTED_VERSION,
     "major version: expected 1, found 2"},
    {"header size", HEADER(headerBytes), 4, 4095, bad, "header size: expected 4096"},
    {"too many sections", HEADER(sectionCount), 4, 1025, limit, "sections: expected at most 1024"},
    {"table beyond the file", HEADER(sectionCount), 4, 1024, StatusCode::OUT_OF_BOUNDS,
     "section table: expected inside the file"},
    {"file size", HEADER(fileBytes), 8, 1, StatusCode::OUT_OF_BOUNDS,
     "the file is truncated or was extended"},
    {"table offset", HEADER(tableOffset), 8, 4160, bad, "offset of the section table"},
    {"incompatible feature", HEADER(incompatFeatures), 8, 4, StatusCode::UNSUPPORTED,
     "incompatible features"},
    {"reserved header bytes", HEADER(zero), 4, 1, bad, "header, offset 96: reserved bytes"},
    {"last reserved header byte", [](const Places &) { return uint64_t(4095); }, 1, 1, bad,
     "reserved bytes"},

    {"unknown section", TABLE(Report, type), 4, 65, StatusCode::UNSUPPORTED,
     "type: expected a known section, found 65"},
    {"unknown flag", TABLE(Report, flags), 4, 2, StatusCode::UNSUPPORTED, "flags: expected 0 or 1"},
    {"flag of a known section", TABLE(Report, flags), 4, 1, bad, "flags of a known section"},
    {"section order", TABLE(Tokenizer, type), 4, 112, bad, "more than those of the section before"},
    {"two metadata sections", TABLE(Tensors, type), 4, 16, bad,
     "more than those of the section before"},
    {"two sections for one target",
     [](const Places &p) {
       return p.table(SectionType::Code, at::Section::kBytes + at::Section::isa);
     },
     4, 1, StatusCode::MISMATCH, "CPU features of x86-64-v1"},
    {"section offset", TABLE(Tensors, offset), 8, 6000, bad, "section 1: offset: expected"},
    {"overlapping section", TABLE(Tensors, offset), 8, 4096, bad, "section 1: offset: expected"},
    {"section offset near 2^64", TABLE(Tensors, offset), 8, ~0ull, bad,
     "section 1: offset: expected"},
    {"section size near 2^64", TABLE(Weights, size), 8, ~0ull, StatusCode::OUT_OF_BOUNDS,
     "end: expected at most"},
    {"section beyond the file", TABLE(Weights, size), 8, 1 << 20, StatusCode::OUT_OF_BOUNDS,
     "end: expected at most"},
    {"bytes after the last section", TABLE(Weights, size), 8, 64, bad, "end of the last section"},
    {"alignment", TABLE(Tensors, log2Alignment), 4, 7, bad, "log2 alignment"},
    {"alignment of 64", TABLE(Tensors, log2Alignment), 4, 64, bad, "log2 alignment"},
    {"arch without code", TABLE(Tensors, arch), 4, 1, bad, "target of a section without code"},
    {"features without code", TABLE(Tensors, cpuFeatures), 8, 1, bad,
     "target of a section without code"},
    {"target without code", TABLE(Tensors, isa), 4, 1, bad, "target of a section without code"},
    {"architecture of a target", TABLE(Code, arch), 4, 2, StatusCode::MISMATCH,
     "architecture of x86-64-v1: expected x86_64, found aarch64"},
    {"features of a target", TABLE(Code, cpuFeatures), 8, 1, StatusCode::MISMATCH,
     "CPU features of x86-64-v1"},
    {"reserved section bytes", TABLE(Code, zero), 1, 1, bad, "section 4: reserved bytes"},
    {"gap between sections", [](const Places &p) { return p.start(SectionType::Code) - 1; }, 1, 1,
     bad, "gap before it: expected zeros"},

    {"kind", METADATA(kind), 4, 3, bad, "kind: expected 1 or 2"},
    {"no rows", METADATA(maxRows), 4, 0, bad, "maxRows: expected 1..4096"},
    {"too many rows", METADATA(maxRows), 4, 4097, bad, "maxRows: expected 1..4096"},
    {"scratch", METADATA(scratchBytes), 8, (1ull << 42) + 1, bad, "work memory"},
    {"state", METADATA(stateBytes), 8, ~0ull, bad, "work memory"},
    {"no vocabulary", METADATA(vocab), 8, 0, bad, "vocab: expected 1.."},
    {"vocabulary", METADATA(vocab), 8, 1ull << 31, bad, "vocab: expected 1.."},
    {"hidden", METADATA(hidden), 8, 0, bad, "hidden: expected 1.."},
    {"layers", METADATA(layers), 8, 1 << 17, bad, "layers: expected 1.."},
    {"heads", METADATA(heads), 8, 0, bad, "heads: expected 1.."},
    {"kvHeads", METADATA(kvHeads), 8, 2, bad, "kvHeads: expected 1..1, found 2"},
    {"headDim", METADATA(headDim), 8, 0, bad, "headDim: expected 1.."},
    {"intermediate", METADATA(intermediate), 8, 0, bad, "intermediate: expected 1.."},
    {"maxContext", METADATA(maxContext), 8, 0, bad, "maxContext: expected 1.."},
    {"bos", METADATA(bos), 4, 16, bad, "bos: expected a token id or none"},
    {"eos", METADATA(kBytes), 4, 16, bad, "end-of-sequence id: expected less than 16"},
    {"too many eos", METADATA(eosCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS, "end-of-sequence ids"},
    {"eos padding", METADATA(eosCount), 4, 1, bad, ""},
    {"too many inputs", METADATA(inputCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS,
     "inputs: expected"},
    {"too many outputs", METADATA(outputCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS,
     "outputs: expected"},
    {"too many linears", METADATA(linearCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS,
     "linear layers: expected"},
    {"pool size", METADATA(poolBytes), 4, 3, bad, "pool size"},
    {"name offset", METADATA(familyOffset), 4, 0, bad, "name offset"},
    {"empty name", METADATA(familyBytes), 4, 0, bad, "name length: expected 1..255, found 0"},
    {"long name", METADATA(familyBytes), 4, 256, bad, "name length: expected 1..255, found 256"},
    {"name beyond the pool", VALUE(1, nameBytes), 4, 200, bad, "left in the pool"},
    {"unused pool bytes", VALUE(1, nameBytes), 4, 3, bad, "pool: expected no unused bytes"},
    {"reserved metadata", METADATA(zero), 1, 1, bad, "reserved bytes"},
    {"value type", VALUE(0, type), 4, 3, bad, "element type: expected 1 or 2"},
    {"value rank", VALUE(0, rank), 4, 9, bad, "rank: expected 0..8"},
    {"value dim", VALUE(1, dims), 8, 1ull << 41, bad, "dimension: expected at most 2^40"},
    {"dynamic second dim", [](const Places &p) { return p.value(1, at::Value::dims + 8); }, 8,
     ~0ull, bad, "dimension: expected at most 2^40"},
    {"dim beyond the rank", [](const Places &p) { return p.value(0, at::Value::dims + 8); }, 8, 1,
     bad, "dimension beyond the rank"},
    {"input type", VALUE(0, type), 4, 2, bad, "inputs of a language model"},
    {"output type", VALUE(1, type), 4, 1, bad, "outputs of a language model"},
    {"logits width", [](const Places &p) { return p.value(1, at::Value::dims + 8); }, 8, 15, bad,
     "outputs of a language model"},
    {"linear scheme", LINEAR(scheme), 4, 99, bad, "scheme id: expected a known scheme"},
    {"linear layout", LINEAR(layout), 4, 99, bad, "layout id: expected a known layout"},
    {"linear layout of another scheme", LINEAR(layout), 4, 4, bad, "one that holds scheme ternary"},
    {"linear bias", LINEAR(bias), 4, 4, bad, "scheme of the bias"},
    {"linear size", LINEAR(out), 8, 1ull << 46, bad, "number of weights"},
    {"linear elements", LINEAR(in), 8, ~0ull, bad, "number of weights"},
    {"reserved linear", LINEAR(zero), 8, 1, bad, "reserved bytes"},

    {"too many tensors", [](const Places &p) { return p.start(SectionType::Tensors); }, 4, 65537,
     limit, "tensors: expected at most 65536"},
    {"tensors beyond the section", [](const Places &p) { return p.start(SectionType::Tensors); }, 4,
     65536, StatusCode::OUT_OF_BOUNDS, "65536 records of 168 bytes"},
    {"tensor pool size", [](const Places &p) { return p.start(SectionType::Tensors) + 4; }, 4, 1,
     bad, "pool size"},
    {"reserved tensor table", [](const Places &p) { return p.start(SectionType::Tensors) + 8; }, 4,
     1, bad, "reserved bytes"},
    {"tensor name offset", TENSOR(1, nameOffset), 4, 4, bad, "name offset"},
    {"tensor scheme", TENSOR(0, scheme), 4, 0, bad, "scheme id"},
    {"tensor layout", TENSOR(0, layout), 4, 0, bad, "layout id: expected a known layout"},
    {"layout of another scheme", TENSOR(0, layout), 4, 2, bad, "one that holds scheme int8"},
    {"layout that crosses groups", TENSOR(1, layout), 4, 9, bad,
     "one whose bytes do not cross groups"},
    {"layout definition", TENSOR(0, layoutHash), 1, 0, StatusCode::MISMATCH,
     "definition of layout i8_dot"},
    {"rank 0", TENSOR(3, rank), 4, 0, bad, "rank: expected 1..8"},
    {"rank 9", TENSOR(3, rank), 4, 9, bad, "rank: expected 1..8"},
    {"dim too large", TENSOR(3, dims), 8, (1ull << 40) + 1, bad,
     "dimension: expected at most 2^40"},
    {"dim near 2^64", TENSOR(3, dims), 8, ~0ull, bad, "dimension: expected at most 2^40"},
    {"elements", TENSOR(0, dims), 8, 1ull << 46, bad, "dimension: expected at most 2^40"},
    {"dim zero with bytes", TENSOR(3, dims), 8, 0, bad, "data bytes of norm: expected 0, found 36"},
    {"bytes(layout, dims)", TENSOR(3, dims), 8, 10, bad,
     "data bytes of norm: expected 40, found 36"},
    {"data bytes", TENSOR(1, dataBytes), 8, 321, bad,
     "data bytes of layers.0.q_proj: expected 320, found 321"},
    {"scale bytes", TENSOR(1, scaleBytes), 8, 24, bad,
     "scale bytes of layers.0.q_proj: expected 20, found 24"},
    {"scale offset without scales", TENSOR(3, scaleOffset), 8, 64, bad, "offset without scales"},
    {"data offset", TENSOR(3, dataOffset), 8, 0, bad, "offset in the weights"},
    {"unaligned data", TENSOR(3, dataOffset), 8, 705, bad, "offset in the weights"},
    {"data offset near 2^64", TENSOR(3, dataOffset), 8, ~0ull, bad, "offset in the weights"},
    {"overlap of scales", TENSOR(1, scaleOffset), 8, 0, bad, "offset in the weights"},
    {"scale type", TENSOR(1, scaleType), 4, 3, bad, "scale type: expected 1 or 2"},
    {"no scale type", TENSOR(1, scaleType), 4, 0, bad, "scale type: expected 1 or 2"},
    {"granularity", TENSOR(1, granularity), 4, 4, bad, "granularity: expected 1..3"},
    {"granularity of int8", TENSOR(0, granularity), 4, 1, bad, "granularity of int8"},
    {"granularity of int6", TENSOR(4, granularity), 4, 1, bad, "granularity of int6"},
    {"scale type of int6", TENSOR(4, scaleType), 4, 2, bad, "scale type: expected 1, found 2"},
    {"layout of int6", TENSOR(4, layout), 4, 1, bad, "one that holds scheme int6"},
    {"granularity of kept values", TENSOR(3, granularity), 4, 1, bad, "granularity of kept values"},
    {"scale type of kept values", TENSOR(3, scaleType), 4, 1, bad, "scale type of kept values"},
    {"group size", TENSOR(1, groupSize), 4, 33, bad, "group size: expected 32, 64, 128 or 256"},
    {"group size zero", TENSOR(1, groupSize), 4, 0, bad, "group size: expected 32, 64, 128 or 256"},
    {"group size without groups", TENSOR(0, groupSize), 4, 32, bad, "group size without groups"},
    {"reserved tensor bytes", TENSOR(0, zero), 4, 1, bad, "reserved bytes"},
    {"alias beyond the table", TENSOR(2, aliasOf), 4, 6, bad,
     "owner of an alias: expected less than 6"},
    {"alias of an alias", TENSOR(2, aliasOf), 4, 2, bad, "a tensor that owns its bytes"},
    {"alias of another tensor", TENSOR(2, aliasOf), 4, 3, StatusCode::MISMATCH,
     "alias lm_head: expected the record of norm"},
    {"two owners", TENSOR(2, aliasOf), 4, ~0u, bad, "offset in the weights"},

    {"variants", KERNELS(variantCount), 4, 1, bad, "variants: expected 2"},
    {"operations beyond the section", KERNELS(operationCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS,
     "operations: expected"},
    {"kernel pool", KERNELS(poolBytes), 4, 0, bad, "pool size"},
    {"reserved kernel table", KERNELS(zero), 4, 1, bad, "reserved bytes"},
    {"variant target", VARIANT(isa), 4, 2, bad, "target: expected 1, found 2"},
    {"variant first", VARIANT(first), 4, 1, bad, "first operation"},
    {"variant count", VARIANT(count), 4, 9, bad, "operations: expected at most 3"},
    {"fewer operations", VARIANT(count), 4, 0, bad, "first operation"},
    {"hidden state beyond the scratch", VARIANT(hidden), 4, 34, bad,
     "place of the hidden state: expected at most 33, found 34"},
    {"operation layout", OPERATION(layout), 4, 99, bad, "layout id: expected 0 or a known layout"},
    {"operation name", OPERATION(labelBytes), 4, 0, bad, "name length"},
    {"reserved operation", OPERATION(zero), 4, 1, bad, "reserved bytes"},

    {"linear answers beyond the section", ANSWERS(linearCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS,
     "linear answers"},
    {"model answers beyond the section", ANSWERS(modelCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS,
     "model answers"},
    {"tokens beyond the section", ANSWERS(tokenCount), 4, ~0u, StatusCode::OUT_OF_BOUNDS,
     "token ids"},
    {"unused tokens", ANSWERS(tokenCount), 4, 4, bad, "token ids: expected 3, found 4"},
    {"reserved answer table", ANSWERS(zero), 4, 1, bad, "reserved bytes"},
    {"function zero", LINEAR_ANSWER(function), 4, 0, bad, "function: expected 1..1"},
    {"function", LINEAR_ANSWER(function), 4, 2, bad, "function: expected 1..1"},
    {"pattern", LINEAR_ANSWER(pattern), 4, 5, bad, "pattern: expected 1..4"},
    {"rows of an answer", LINEAR_ANSWER(rows), 8, 65, bad, "rows: expected 1..64"},
    {"source", MODEL_ANSWER(source), 4, 0, bad, "source: expected 1 or 2"},
    {"first token", MODEL_ANSWER(firstToken), 4, 1, bad, "first token"},
    {"token count", MODEL_ANSWER(tokenCount), 4, 5, bad, "tokens: expected at most"},
    {"no tokens", MODEL_ANSWER(tokenCount), 4, 0, bad, "tokens: expected 1..32"},
    {"reserved model answer", MODEL_ANSWER(zero), 4, 1, bad, "reserved bytes"},
    {"seed", MODEL_ANSWER(seed), 8, 1, bad, "seed of a language model"},
    {"token id", [](const Places &p) { return p.modelAnswer(at::ModelAnswer::kBytes); }, 4, 16, bad,
     "token id: expected less than 16"},
    {"token padding", [](const Places &p) { return p.modelAnswer(at::ModelAnswer::kBytes + 12); },
     4, 1, bad, "reserved bytes"},

    {"weight code", [](const Places &p) { return p.start(SectionType::Weights); }, 1, 0xff, bad,
     "layers.0.q_proj: an invalid weight code near row 0, column 0"},
    {"weight padding", [](const Places &p) { return p.start(SectionType::Weights) + 5; }, 1, 0x45,
     bad, "padding that is not the code of zero"},
    {"gap between tensors", [](const Places &p) { return p.start(SectionType::Weights) + 345; }, 1,
     1, bad, "gap between tensors"},
    {"scale", [](const Places &p) { return p.start(SectionType::Weights) + 321; }, 1, 0x7c, bad,
     "scale of layers.0.q_proj"},
};

TEST(Artifact, EveryRuleRefuses) {
  const Bytes good = smallArtifact();
  const Places places(good);
  for (const Rule &rule : rules) {
    Bytes bytes = good;
    const uint64_t place = rule.place(places);
    for (unsigned i = 0; i < rule.size; ++i)
      bytes.at(place + i) = uint8_t(rule.value >> 8 * i);
    reseal(bytes);
    Status status = verifyArtifact(view(bytes), VerifyLevel::Full);
    EXPECT_FALSE(status.ok()) << rule.name;
    EXPECT_EQ(statusText(status.code()), std::string(statusText(rule.code)))
        << rule.name << ": " << status.message();
    EXPECT_NE(status.message().find(rule.message), std::string::npos)
        << rule.name << ": " << status.message();
  }
}

/// The digests themselves, each without the others.
TEST(Artifact, DigestsAreChecked) {
  const Bytes good = smallArtifact();
  Bytes bytes = good;
  bytes[at::Header::compatFeatures] ^= 1;
  EXPECT_NE(verifyArtifact(view(bytes), VerifyLevel::Structure).message().find("CRC-32C"),
            std::string::npos);
  storeU32(bytes.data() + at::Header::headerCrc, headerCrc(bytes.data()));
  EXPECT_NE(verifyArtifact(view(bytes), VerifyLevel::Structure).message().find("root digest"),
            std::string::npos);
  // An unknown compatible feature is ignored.
  reseal(bytes);
  EXPECT_TRUE(verifyArtifact(view(bytes), VerifyLevel::Full).ok());

  const Places places(good);
  struct Case {
    SectionType type;
    VerifyLevel first; ///< the first level that notices
  };
  for (Case c : {Case{SectionType::Metadata, VerifyLevel::Structure},
                 {SectionType::Tensors, VerifyLevel::Structure},
                 {SectionType::Tokenizer, VerifyLevel::Structure},
                 {SectionType::Report, VerifyLevel::Structure},
                 {SectionType::Kernels, VerifyLevel::Structure},
                 {SectionType::KnownAnswers, VerifyLevel::Structure},
                 {SectionType::Code, VerifyLevel::Code},
                 {SectionType::Weights, VerifyLevel::Full}}) {
    bytes = good;
    bytes[places.start(c.type)] ^= 0x10;
    for (VerifyLevel level : {VerifyLevel::Structure, VerifyLevel::Code, VerifyLevel::Full}) {
      Status status = verifyArtifact(view(bytes), level);
      EXPECT_EQ(status.ok(), level < c.first) << sectionWord(c.type);
      if (level >= c.first) {
        EXPECT_NE(status.message().find(std::string("section ") + sectionWord(c.type)),
                  std::string::npos)
            << status.message();
        EXPECT_EQ(status.code(), StatusCode::DIGEST_MISMATCH);
      }
    }
  }
}

/// Boundary values in every aligned 4- and 8-byte place of header, table and small
/// sections, digests made right: refused or accepted, never a crash.
TEST(Artifact, BoundaryValuesEverywhere) {
  const Bytes good = smallArtifact();
  const Places places(good);
  const uint64_t values[] = {0,
                             1,
                             63,
                             64,
                             65,
                             0x7fffffff,
                             0x80000000,
                             0x80000001,
                             0xffffffff,
                             1ull << 32,
                             (1ull << 32) + 1,
                             (1ull << 63) - 1,
                             1ull << 63,
                             ~0ull - 63,
                             ~0ull};
  std::vector<std::pair<uint64_t, uint64_t>> ranges = {{8, 64}};
  ranges.push_back({kHeaderBytes, recordOf(loadU32(good.data() + at::Header::sectionCount))});
  for (SectionType type : {SectionType::Metadata, SectionType::Tensors, SectionType::Kernels,
                           SectionType::KnownAnswers}) {
    size_t index = indexOf(good, type);
    uint64_t start = offsetOf(good, index);
    ranges.push_back({start, start + loadU64(good.data() + recordOf(index) + at::Section::size)});
  }
  size_t accepted = 0, tried = 0;
  for (auto [begin, end] : ranges)
    for (uint64_t place = begin; place + 8 <= end; place += 4)
      for (uint64_t value : values)
        for (unsigned size : {4, 8}) {
          Bytes bytes = good;
          for (unsigned i = 0; i < size; ++i)
            bytes[place + i] = uint8_t(value >> 8 * i);
          reseal(bytes);
          ++tried;
          accepted += verifyArtifact(view(bytes), VerifyLevel::Full).ok();
        }
  EXPECT_GT(tried, 10000u);
  EXPECT_LT(accepted, tried / 4); // unchanged values and free numbers such as seeds
}

TEST(Artifact, MissingSections) {
  for (SectionType type : {SectionType::Metadata, SectionType::Tensors, SectionType::Code,
                           SectionType::Kernels, SectionType::KnownAnswers}) {
    Bytes bytes = smallArtifact();
    // An unknown section that may be skipped, with an id between its neighbours.
    uint8_t *record = bytes.data() + recordOf(indexOf(bytes, type));
    for (; loadU32(record) == uint32_t(type); record += at::Section::kBytes) {
      const uint32_t isa = loadU32(record + at::Section::isa);
      std::memset(record + at::Section::arch, 0, 16);
      storeU32(record, uint32_t(type) + 1 + isa);
      storeU32(record + at::Section::flags, 1);
    }
    reseal(bytes);
    Status status = verifyArtifact(view(bytes), VerifyLevel::Structure);
    EXPECT_EQ(status.code(), StatusCode::MISSING) << status.message();
    EXPECT_NE(status.message().find(std::string("a section ") + sectionWord(type)),
              std::string::npos)
        << status.message();
  }
}

TEST(Artifact, UnknownSectionsThatMayBeSkippedAreSkipped) {
  Bytes bytes = smallArtifact();
  uint8_t *record = bytes.data() + recordOf(indexOf(bytes, SectionType::Report));
  storeU32(record, 65);
  storeU32(record + at::Section::flags, 1);
  reseal(bytes);
  Result<ArtifactView> artifact = ArtifactView::open(view(bytes), VerifyLevel::Full);
  ASSERT_TRUE(artifact.ok()) << artifact.status().message();
  EXPECT_EQ(artifact->report().size, 0u);
}

TEST(Artifact, BaselineCodeIsRequired) {
  ArtifactContent content = smallContent();
  content.code.pop_back();
  const Bytes bytes = writeArtifact(content, smallWeights(content));
  Status status = verifyArtifact(view(bytes), VerifyLevel::Structure);
  EXPECT_EQ(status.code(), StatusCode::MISSING);
  EXPECT_NE(status.message().find("baseline code for x86_64"), std::string::npos);
}

TEST(Artifact, NamesAreSortedPlainText) {
  const std::pair<const char *, bool> cases[] = {
      {"a b", true},       {"m\xc3\xa4", true},     {"\xf0\x9f\x99\x82", true},
      {"a\nb", false},     {"\x7f", false},         {"\xc2\x85", false},
      {"\xc0\xaf", false}, {"\xed\xa0\x80", false}, {"\xf4\x90\x80\x80", false},
      {"\xff", false},     {"x\xe2\x82", false}};
  for (auto [name, valid] : cases) {
    ArtifactContent content = smallContent();
    content.metadata.family = name;
    MemorySink sink;
    Status status = ArtifactWriter(sink).begin(content);
    EXPECT_EQ(status.ok(), valid) << name;
    if (!valid)
      EXPECT_NE(status.message().find("UTF-8 without control characters"), std::string::npos);
  }
  ArtifactContent content = smallContent();
  content.tensors[2].name = "embed";
  MemorySink sink;
  EXPECT_NE(ArtifactWriter(sink).begin(content).message().find("name: expected one after embed"),
            std::string::npos);
}

TEST(Artifact, FunctionsHaveNoModelFacts) {
  ArtifactContent content = smallContent();
  Metadata &metadata = content.metadata;
  metadata = Metadata();
  metadata.kind = ModelKind::Function;
  metadata.producer = "lobit test";
  metadata.family = "function";
  metadata.inputs = {{"x", DataType::F32, {4, 7}}};
  metadata.outputs = {{"y", DataType::F32, {4, 5}}};
  content.knownAnswers = KnownAnswers();
  content.knownAnswers.models.push_back({AnswerSource::Interpreter, {}, 99, {}});
  const Bytes weights = smallWeights(content);
  EXPECT_TRUE(verifyArtifact(view(writeArtifact(content, weights)), VerifyLevel::Full).ok());

  auto refused = [](const ArtifactContent &changed) {
    MemorySink sink;
    return ArtifactWriter(sink).begin(changed).message();
  };
  ArtifactContent changed = content;
  changed.metadata.layers = 1;
  EXPECT_NE(refused(changed).find("layers: expected 0 for a function"), std::string::npos);
  changed = content;
  changed.metadata.outputs.clear();
  EXPECT_NE(refused(changed).find("number of outputs"), std::string::npos);
  changed = content;
  changed.metadata.inputs.push_back(changed.metadata.inputs[0]);
  EXPECT_NE(refused(changed).find("names that differ"), std::string::npos);
  changed = content;
  changed.knownAnswers.models[0].tokens = {1};
  EXPECT_NE(refused(changed).find("tokens of a function"), std::string::npos);
}

TEST(ArtifactWriter, WeightsMustBeCompleteAndInOrder) {
  const ArtifactContent content = smallContent();
  const Bytes weights = smallWeights(content);
  MemorySink sink;
  ArtifactWriter writer(sink);
  ASSERT_TRUE(writer.begin(content).ok());
  EXPECT_FALSE(writer.finish().ok());
  ASSERT_TRUE(writer.writeWeights(0, weights.data(), 320).ok());
  EXPECT_FALSE(writer.writeWeights(319, weights.data(), 1).ok());
  EXPECT_FALSE(writer.writeWeights(weights.size(), weights.data(), 1).ok());
  // The gap up to the next tensor is filled with zeros.
  ASSERT_TRUE(writer.writeWeights(320, weights.data() + 320, 20).ok());
  ASSERT_TRUE(writer.writeWeights(384, weights.data() + 384, weights.size() - 384).ok());
  ASSERT_TRUE(writer.finish().ok());
  EXPECT_EQ(sink.bytes, smallArtifact());
}

TEST(ArtifactWriter, KnownAnswersCanBeReplacedByOnesOfTheSameSize) {
  ArtifactContent content = smallContent();
  const Bytes weights = smallWeights(content);
  MemorySink sink;
  ArtifactWriter writer(sink);
  ASSERT_TRUE(writer.begin(content).ok());
  ASSERT_TRUE(writer.writeWeights(0, weights.data(), weights.size()).ok());
  ASSERT_TRUE(writer.finish().ok());
  content.knownAnswers.models[0].digest.fill(7);
  ASSERT_TRUE(writer.replaceKnownAnswers(content.knownAnswers).ok());
  EXPECT_EQ(sink.bytes, writeArtifact(content, weights));
  content.knownAnswers.models[0].tokens.resize(9);
  EXPECT_FALSE(writer.replaceKnownAnswers(content.knownAnswers).ok());
}

TEST(ArtifactWriter, CalibrationIsCarriedAndReplaced) {
  ArtifactContent content = smallContent();
  content.calibration = {1, 2, 3, 4, 5};
  const Bytes weights = smallWeights(content);
  MemorySink sink;
  ArtifactWriter writer(sink);
  ASSERT_TRUE(writer.begin(content).ok());
  ASSERT_TRUE(writer.writeWeights(0, weights.data(), weights.size()).ok());
  ASSERT_TRUE(writer.finish().ok());
  const Bytes other = {9, 8, 7, 6, 5};
  ASSERT_TRUE(writer.replaceCalibration(other).ok());
  Result<ArtifactView> artifact = ArtifactView::open(view(sink.bytes), VerifyLevel::Full);
  ASSERT_TRUE(artifact.ok()) << artifact.status().message();
  const ByteView calibration = artifact->calibration();
  EXPECT_EQ(Bytes(calibration.data, calibration.data + calibration.size), other);
  EXPECT_FALSE(writer.replaceCalibration({1}).ok());
}

TEST(TreeDigest, FollowsItsDefinition) {
  auto hash = [](std::initializer_list<std::pair<const uint8_t *, size_t>> pieces) {
    Sha256 sha;
    for (auto [data, size] : pieces)
      sha.update(data, size);
    return sha.finish();
  };
  const uint64_t leaf = TreeDigest::kLeafBytes;
  for (uint64_t size :
       {uint64_t(0), uint64_t(1), leaf - 1, leaf, leaf + 1, 3 * leaf, 5 * leaf + 7}) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i)
      bytes[i] = uint8_t(i * 2654435761u >> 24);
    // Leaves, then pairs: [largest power of two below n] + rest.
    std::function<Digest(uint64_t, uint64_t)> top = [&](uint64_t first, uint64_t count) {
      const uint8_t zero = 0, one = 1;
      if (count == 1)
        return hash(
            {{&zero, 1}, {bytes.data() + first * leaf, std::min(leaf, size - first * leaf)}});
      uint64_t left = 1;
      while (left * 2 < count)
        left *= 2;
      Digest a = top(first, left), b = top(first + left, count - left);
      return hash({{&one, 1}, {a.data(), 32}, {b.data(), 32}});
    };
    Digest tree = top(0, std::max<uint64_t>(1, ceilDiv(size, leaf)));
    uint8_t prefix[9] = {2};
    storeU64(prefix + 1, size);
    EXPECT_EQ(TreeDigest::of(view(bytes)), hash({{prefix, 9}, {tree.data(), 32}})) << size;
    // In pieces.
    TreeDigest pieces;
    for (uint64_t at = 0; at < size; at += 65537)
      pieces.update(bytes.data() + at, std::min<uint64_t>(65537, size - at));
    EXPECT_EQ(pieces.finish(), TreeDigest::of(view(bytes)));
    std::vector<Digest> leaves(TreeDigest::leafCount(size));
    for (uint64_t first = 0; first < leaves.size(); first += TreeDigest::kGroup)
      TreeDigest::hashLeaves(view(bytes), first, leaves.data());
    EXPECT_EQ(TreeDigest::ofLeaves(leaves, size), TreeDigest::of(view(bytes)));
  }
}

/// Every record of Records.inc is tiled by its fields.
TEST(Records, FieldsFillTheirRecords) {
  uint64_t end = 0, size = 0;
  std::string last = "none";
#define LOBIT_RECORD(Record, bytes)                                                                \
  EXPECT_EQ(end, size) << last;                                                                    \
  end = 0, size = bytes, last = #Record;
#define LOBIT_FIELD(Record, name, offset, bytes, kind, note)                                       \
  EXPECT_EQ(end, uint64_t(offset)) << #Record "." #name;                                           \
  end = offset + bytes;
#include "runtime/format/Records.inc"
  EXPECT_EQ(end, size) << last;
}

} // namespace
