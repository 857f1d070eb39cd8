/// \file
/// Writes an artifact. The small sections are given as values, the weights are
/// streamed; digests are computed on the way.
#ifndef LOBIT_FORMAT_ARTIFACT_WRITER_H
#define LOBIT_FORMAT_ARTIFACT_WRITER_H

#include "runtime/format/Artifact.h"
#include "runtime/format/TreeDigest.h"

namespace lobit {

/// Where the bytes of a file go. Every byte is written; a later write of the same
/// range replaces it.
class ByteSink {
public:
  virtual ~ByteSink() = default;
  virtual Status write(uint64_t offset, const uint8_t *bytes, uint64_t size) = 0;
};

/// Everything but the weights.
struct ArtifactContent {
  Metadata metadata;
  std::vector<TensorInfo> tensors; ///< any order; aliasOf indexes this order
  std::vector<uint8_t> tokenizer;  ///< empty: no section
  std::vector<uint8_t> report;     ///< empty: no section
  struct Code {
    Isa isa;
    std::vector<uint8_t> object;
    std::vector<OperationInfo> operations;
    std::optional<uint64_t> hiddenOffset = std::nullopt; ///< see KernelVariant
  };
  std::vector<Code> code;
  KnownAnswers knownAnswers;
  std::vector<uint8_t> calibration; ///< empty: no section
};

class ArtifactWriter {
public:
  explicit ArtifactWriter(ByteSink &sink) : sink_(sink) {}

  /// Lays out the file and writes all small sections. `content` is checked as a reader
  /// would check it.
  Status begin(ArtifactContent content);
  /// The next bytes of the weights section, at ascending offsets; gaps become zeros.
  Status writeWeights(uint64_t offset, const uint8_t *bytes, uint64_t size);
  /// Writes section table and header. The weights must be complete.
  Status finish();
  /// The same when the weights were written by other means than writeWeights.
  Status finish(const Digest &weightDigest);
  /// After finish: other bytes of the same size for a small section, then the header again.
  Status replaceKnownAnswers(const KnownAnswers &answers);
  Status replaceCalibration(const std::vector<uint8_t> &bytes);

  uint64_t fileBytes() const { return header_.fileBytes; }
  /// After begin: where the weights section starts.
  uint64_t weightsStart() const { return sections_.back().offset; }
  uint64_t weightBytes() const { return weightBytes_; }

private:
  Status replaceSection(SectionType type, const std::vector<uint8_t> &bytes);
  Status writeSection(SectionInfo &section, const std::vector<uint8_t> &bytes);
  Status writeHeader();

  ByteSink &sink_;
  ArtifactHeader header_;
  std::vector<SectionInfo> sections_;
  TreeDigest weightDigest_;
  uint64_t weightBytes_ = 0; ///< size of the weights section
  uint64_t weightsWritten_ = 0;
};

} // namespace lobit

#endif // LOBIT_FORMAT_ARTIFACT_WRITER_H
