/// \file
/// The compiled artifact, model.lobit, as the runtime reads it. docs/format.md is the
/// specification, Records.inc the byte layout.
#ifndef LOBIT_FORMAT_ARTIFACT_H
#define LOBIT_FORMAT_ARTIFACT_H

#include "runtime/format/ByteView.h"
#include "runtime/format/Sha256.h"
#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lobit {

constexpr uint32_t kFormatMajor = 1;
constexpr uint32_t kFormatMinor = 0;
constexpr uint64_t kHeaderBytes = 4096;
constexpr uint8_t kMagic[8] = {0x89, 'L', 'B', 'T', '\r', '\n', 0x1a, '\n'};

// Limits, all checked before memory is allocated.
constexpr uint64_t kMaxSections = 1024;
constexpr uint64_t kMaxTensors = 65536;
constexpr uint64_t kMaxRank = 8;
constexpr uint64_t kMaxDim = 1ull << 40;
constexpr uint64_t kMaxElements = 1ull << 48;
constexpr uint64_t kMaxNameBytes = 255;
/// Of each section but code and weights.
constexpr uint64_t kMaxMetadataBytes = 64ull << 20;
/// Of all code sections together.
constexpr uint64_t kMaxCodeBytes = 256ull << 20;
/// Of scratch and of state memory.
constexpr uint64_t kMaxWorkBytes = 1ull << 42;
constexpr uint32_t kMaxRowsPerCall = 4096;
/// Offsets in the weights section are multiples of this.
constexpr uint64_t kWeightAlignment = 64;

/// In a ValueInfo: as many as the rows of the call. Only the first dimension.
constexpr uint64_t kDynamicDim = ~0ull;
constexpr uint32_t kNoToken = ~0u;
constexpr uint32_t kNotAnAlias = ~0u;

enum class SectionType : uint32_t {
#define LOBIT_SECTION(EnumName, id, word, text) EnumName = id,
#include "runtime/format/Sections.inc"
};
const char *sectionWord(SectionType type);

enum class ModelKind : uint32_t { LanguageModel = 1, Function = 2 };
enum class DataType : uint32_t { I32 = 1, F32 = 2 };
const char *dataTypeWord(DataType type);

//===--- metadata -----------------------------------------------------------===//

/// A named input or output of functions[0].
struct ValueInfo {
  std::string name;
  DataType type = DataType::F32;
  std::vector<uint64_t> dims;
};

/// One linear layer that can be called alone: functions[1 + index].
struct LinearInfo {
  Scheme scheme = Scheme::Ternary;
  Layout layout = Layout::T2Dot;
  Granularity granularity = Granularity::None;
  ScaleType scaleType = ScaleType::None;
  uint32_t groupSize = 0;
  std::optional<Scheme> bias; ///< f32, f16 or bf16
  uint64_t out = 0;
  uint64_t in = 0;
};

struct Metadata {
  ModelKind kind = ModelKind::LanguageModel;
  uint32_t maxRows = 1;
  uint64_t scratchBytes = 0;
  uint64_t stateBytes = 0;
  /// Zero for functions.
  uint64_t vocab = 0, hidden = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0, intermediate = 0,
           maxContext = 0;
  uint32_t bos = kNoToken;
  std::vector<uint32_t> eos;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  std::vector<LinearInfo> linears;
  std::string producer; ///< "lobit 0.1.0"
  std::string family;   ///< "bitnet", "llama", "function"
};

//===--- tensors ------------------------------------------------------------===//

/// Ranges are relative to the weights section.
struct TensorInfo {
  std::string name;
  Scheme scheme = Scheme::F32;
  Layout layout = Layout::RowMajor;
  std::vector<uint64_t> dims;
  uint64_t dataOffset = 0, dataBytes = 0;
  uint64_t scaleOffset = 0, scaleBytes = 0;
  ScaleType scaleType = ScaleType::None;
  Granularity granularity = Granularity::None;
  uint32_t groupSize = 0;
  /// Index of the tensor whose bytes this one shares, or kNotAnAlias.
  uint32_t aliasOf = kNotAnAlias;

  uint64_t rows() const { return dims.size() == 2 ? dims[0] : 1; }
  uint64_t columns() const { return dims.empty() ? 0 : dims.back(); }
};

/// Bytes of one element of a row_major tensor: f32 4, f16 and bf16 2, int8 1.
uint64_t elementBytes(Scheme scheme);
/// Number of scales of a [rows, columns] weight; RESOURCE_LIMIT on overflow.
Result<uint64_t> scaleCount(Granularity granularity, uint32_t groupSize, uint64_t rows,
                            uint64_t columns);

//===--- kernels ------------------------------------------------------------===//

/// What trace index i of a code section did.
struct OperationInfo {
  std::string label;  ///< "model.layers.0.self_attn.q_proj"
  std::string kernel; ///< "lobit_s8_t2_linear_256x256__avx2"
  std::optional<Layout> layout;
  uint64_t weightBytes = 0;
  uint64_t flops = 0;
};

struct KernelVariant {
  Isa isa = Isa::X86V1;
  std::vector<OperationInfo> operations;
  /// Where functions[0] leaves the final hidden state, f32 [rows, hidden], in the scratch.
  std::optional<uint64_t> hiddenOffset;
};

//===--- known answers ------------------------------------------------------===//

/// How the inputs of a linear layer are made; see KnownAnswers.h.
enum class AnswerPattern : uint32_t { Positive = 1, Negative = 2, Alternating = 3, Random = 4 };
enum class AnswerSource : uint32_t { Interpreter = 1, BaselineCode = 2 };

struct LinearAnswer {
  uint32_t function = 1; ///< index in the code table
  AnswerPattern pattern = AnswerPattern::Random;
  uint64_t seed = 0;
  uint64_t rows = 1;
  Digest digest{}; ///< of the f32 outputs [rows, out]
};

struct ModelAnswer {
  AnswerSource source = AnswerSource::Interpreter;
  std::vector<uint32_t> tokens; ///< language model
  uint64_t seed = 0;            ///< function
  Digest digest{};              ///< of the f32 outputs: logits of every position, or all outputs
};

struct KnownAnswers {
  std::vector<LinearAnswer> linears;
  std::vector<ModelAnswer> models;
};

//===--- the file -----------------------------------------------------------===//

struct ArtifactHeader {
  uint32_t major = kFormatMajor;
  uint32_t minor = kFormatMinor;
  uint32_t sectionCount = 0;
  uint64_t fileBytes = 0;
  uint64_t incompatFeatures = 0;
  uint64_t compatFeatures = 0;
  uint32_t codeAbi = 0;
  Digest rootDigest{};
};

struct SectionInfo {
  SectionType type = SectionType::Metadata;
  uint32_t flags = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t log2Alignment = 6;
  Arch arch = Arch::Any;
  uint64_t cpuFeatures = 0;
  Isa isa = Isa(0);
  Digest digest{};
};

/// Structure: everything but code and weights, with their digests. Code: the code
/// sections too. Full: every byte, and every weight code is valid.
enum class VerifyLevel { Structure, Code, Full };

/// SHA-256(03 || u64 length || header || section table), the header with root digest
/// and CRC zero.
Digest rootDigest(const uint8_t *header, const uint8_t *table, uint64_t tableBytes);
/// CRC-32C of the header with the CRC field zero and the root filled in.
uint32_t headerCrc(const uint8_t *header);

/// Reads and checks the first kHeaderBytes of a file alone (not the root digest).
Result<ArtifactHeader> readArtifactHeader(ByteView bytes);

/// A checked artifact. Borrows the bytes; never executes anything.
class ArtifactView {
public:
  /// Checks `bytes`, the whole file, at `level`.
  static Result<ArtifactView> open(ByteView bytes, VerifyLevel level);

  /// Checks what `level` adds to the structure.
  Status verify(VerifyLevel level) const;
  /// Checks the digest of one section.
  Status verifySection(const SectionInfo &section) const;
  /// DIGEST_MISMATCH unless `computed` is the digest of the section.
  Status digestStatus(const SectionInfo &section, const Digest &computed) const;

  ByteView bytes() const { return bytes_; }
  const ArtifactHeader &header() const { return header_; }
  const std::vector<SectionInfo> &sections() const { return sections_; }
  ByteView content(const SectionInfo &section) const {
    return {bytes_.data + section.offset, section.size};
  }
  /// Empty when there is none.
  ByteView content(SectionType type) const;

  const Metadata &metadata() const { return metadata_; }
  const std::vector<TensorInfo> &tensors() const { return tensors_; } ///< sorted by name
  const TensorInfo *findTensor(std::string_view name) const;
  /// One for each code section, in the order of the code sections.
  const std::vector<KernelVariant> &kernels() const { return kernels_; }
  const KnownAnswers &knownAnswers() const { return knownAnswers_; }
  /// The code sections, by ascending rank.
  std::vector<const SectionInfo *> codeSections() const;

  ByteView tokenizer() const { return content(SectionType::Tokenizer); }
  ByteView report() const { return content(SectionType::Report); }
  /// BIT beacons (docs/format-bit.md), not checked here. Empty when there are none.
  ByteView calibration() const { return content(SectionType::Calibration); }
  ByteView weights() const { return content(SectionType::Weights); }

  ArtifactView() = default;

private:
  Status readStructure();

  ByteView bytes_;
  ArtifactHeader header_;
  std::vector<SectionInfo> sections_;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
  std::vector<KernelVariant> kernels_;
  KnownAnswers knownAnswers_;
};

/// The check behind quant-dump --verify and the loader.
Status verifyArtifact(ByteView bytes, VerifyLevel level);

} // namespace lobit

#endif // LOBIT_FORMAT_ARTIFACT_H
