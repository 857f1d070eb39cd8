#include "runtime/format/ArtifactWriter.h"
#include "runtime/format/ArtifactSections.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/CodeAbi.h"
#include "runtime/format/Records.h"

#include <algorithm>
#include <numeric>

namespace lobit {
namespace {

/// Sorts by name and lets aliasOf follow.
std::vector<TensorInfo> sortedByName(const std::vector<TensorInfo> &tensors) {
  std::vector<uint32_t> order(tensors.size()), place(tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return tensors[a].name < tensors[b].name; });
  for (uint32_t i = 0; i < order.size(); ++i)
    place[order[i]] = i;
  std::vector<TensorInfo> sorted;
  for (uint32_t index : order) {
    sorted.push_back(tensors[index]);
    if (sorted.back().aliasOf < place.size())
      sorted.back().aliasOf = place[sorted.back().aliasOf];
  }
  return sorted;
}

uint64_t weightsEnd(const std::vector<TensorInfo> &tensors) {
  uint64_t end = 0;
  for (const TensorInfo &tensor : tensors)
    end = std::max(
        {end, tensor.dataOffset + tensor.dataBytes, tensor.scaleOffset + tensor.scaleBytes});
  return end;
}

/// The checks a reader will make.
Status checkContent(const std::vector<uint8_t> &metadataBytes,
                    const std::vector<uint8_t> &tensorBytes,
                    const std::vector<uint8_t> &kernelBytes,
                    const std::vector<uint8_t> &answerBytes, uint64_t weightBytes,
                    const std::vector<Isa> &isas) {
  auto view = [](const char *word, const std::vector<uint8_t> &bytes) {
    return SectionBytes{word, 0, {bytes.data(), bytes.size()}};
  };
  Metadata metadata;
  std::vector<TensorInfo> tensors;
  std::vector<KernelVariant> variants;
  KnownAnswers answers;
  Status status = decodeMetadata(view("metadata", metadataBytes), metadata);
  if (status.ok())
    status = decodeTensors(view("tensors", tensorBytes), weightBytes, tensors);
  if (status.ok())
    status = decodeKernels(view("kernels", kernelBytes), isas, metadata, variants);
  if (status.ok())
    status = decodeKnownAnswers(view("known_answers", answerBytes), metadata, answers);
  return status;
}

constexpr uint32_t kSmallAlignment = 6, kPageAlignment = 12;

} // namespace

Status ArtifactWriter::begin(ArtifactContent content) {
  std::sort(
      content.code.begin(), content.code.end(),
      [](const ArtifactContent::Code &a, const ArtifactContent::Code &b) { return a.isa < b.isa; });
  std::vector<KernelVariant> variants;
  std::vector<Isa> isas;
  for (ArtifactContent::Code &code : content.code) {
    isas.push_back(code.isa);
    variants.push_back({code.isa, std::move(code.operations), code.hiddenOffset});
  }
  const std::vector<TensorInfo> tensors = sortedByName(content.tensors);
  weightBytes_ = weightsEnd(tensors);
  const std::vector<uint8_t> metadata = encodeMetadata(content.metadata);
  const std::vector<uint8_t> tensorTable = encodeTensors(tensors);
  const std::vector<uint8_t> kernels = encodeKernels(variants);
  const std::vector<uint8_t> answers = encodeKnownAnswers(content.knownAnswers);
  if (Status status = checkContent(metadata, tensorTable, kernels, answers, weightBytes_, isas);
      !status.ok())
    return std::move(status).withContext("the artifact to be written");

  struct Planned {
    SectionType type;
    uint32_t log2Alignment;
    const std::vector<uint8_t> *bytes;
    Isa isa;
  };
  std::vector<Planned> plan = {{SectionType::Metadata, kSmallAlignment, &metadata, Isa(0)},
                               {SectionType::Tensors, kSmallAlignment, &tensorTable, Isa(0)}};
  if (!content.tokenizer.empty())
    plan.push_back({SectionType::Tokenizer, kSmallAlignment, &content.tokenizer, Isa(0)});
  if (!content.report.empty())
    plan.push_back({SectionType::Report, kSmallAlignment, &content.report, Isa(0)});
  for (const ArtifactContent::Code &code : content.code)
    plan.push_back({SectionType::Code, kPageAlignment, &code.object, code.isa});
  plan.push_back({SectionType::Kernels, kSmallAlignment, &kernels, Isa(0)});
  plan.push_back({SectionType::KnownAnswers, kSmallAlignment, &answers, Isa(0)});
  if (!content.calibration.empty())
    plan.push_back({SectionType::Calibration, kSmallAlignment, &content.calibration, Isa(0)});
  plan.push_back({SectionType::Weights, kPageAlignment, nullptr, Isa(0)});

  uint64_t end = kHeaderBytes + plan.size() * at::Section::kBytes;
  for (const Planned &planned : plan) {
    SectionInfo section;
    section.type = planned.type;
    section.log2Alignment = planned.log2Alignment;
    section.offset = roundUp(end, 1ull << planned.log2Alignment);
    section.size = planned.bytes ? planned.bytes->size() : weightBytes_;
    section.isa = planned.isa;
    if (const IsaInfo *isa = findIsa(planned.isa)) {
      section.arch = isa->arch;
      section.cpuFeatures = isa->requiredCpuFeatures;
    }
    const std::vector<uint8_t> gap(section.offset - end);
    if (Status status = sink_.write(end, gap.data(), gap.size()); !status.ok())
      return status;
    if (planned.bytes)
      if (Status status = writeSection(section, *planned.bytes); !status.ok())
        return status;
    end = section.offset + section.size;
    sections_.push_back(section);
  }
  header_.sectionCount = uint32_t(sections_.size());
  header_.fileBytes = end;
  header_.codeAbi = LOBIT_CODE_ABI;
  return Status();
}

Status ArtifactWriter::writeSection(SectionInfo &section, const std::vector<uint8_t> &bytes) {
  section.digest = TreeDigest::of({bytes.data(), bytes.size()});
  return sink_.write(section.offset, bytes.data(), bytes.size());
}

Status ArtifactWriter::writeWeights(uint64_t offset, const uint8_t *bytes, uint64_t size) {
  uint64_t end;
  if (offset < weightsWritten_ || !checkedAdd(offset, size, end) || end > weightBytes_)
    return Status(StatusCode::INTERNAL, "weights at offset " + std::to_string(offset) + ", " +
                                            std::to_string(size) + " bytes: expected between " +
                                            std::to_string(weightsWritten_) + " and " +
                                            std::to_string(weightBytes_));
  const uint64_t start = sections_.back().offset;
  const std::vector<uint8_t> gap(offset - weightsWritten_);
  weightDigest_.update(gap.data(), gap.size());
  weightDigest_.update(bytes, size);
  if (Status status = sink_.write(start + weightsWritten_, gap.data(), gap.size()); !status.ok())
    return status;
  weightsWritten_ = end;
  return sink_.write(start + offset, bytes, size);
}

Status ArtifactWriter::finish() {
  if (weightsWritten_ != weightBytes_)
    return Status(StatusCode::INTERNAL, "weights: expected " + std::to_string(weightBytes_) +
                                            " bytes, written " + std::to_string(weightsWritten_));
  return finish(weightDigest_.finish());
}

Status ArtifactWriter::finish(const Digest &weightDigest) {
  sections_.back().digest = weightDigest;
  return writeHeader();
}

Status ArtifactWriter::replaceKnownAnswers(const KnownAnswers &answers) {
  return replaceSection(SectionType::KnownAnswers, encodeKnownAnswers(answers));
}

Status ArtifactWriter::replaceCalibration(const std::vector<uint8_t> &bytes) {
  return replaceSection(SectionType::Calibration, bytes);
}

Status ArtifactWriter::replaceSection(SectionType type, const std::vector<uint8_t> &bytes) {
  const auto section =
      std::find_if(sections_.begin(), sections_.end(),
                   [&](const SectionInfo &candidate) { return candidate.type == type; });
  if (section == sections_.end() || bytes.size() != section->size)
    return Status(StatusCode::INTERNAL,
                  std::string(sectionWord(type)) + ": expected " +
                      (section == sections_.end() ? "no" : std::to_string(section->size)) +
                      " bytes, found " + std::to_string(bytes.size()));
  if (Status status = writeSection(*section, bytes); !status.ok())
    return status;
  return writeHeader();
}

Status ArtifactWriter::writeHeader() {
  namespace s = at::Section;
  namespace h = at::Header;
  std::vector<uint8_t> bytes(kHeaderBytes + sections_.size() * s::kBytes);
  for (size_t i = 0; i < sections_.size(); ++i) {
    uint8_t *record = bytes.data() + kHeaderBytes + i * s::kBytes;
    const SectionInfo &section = sections_[i];
    storeU32(record + s::type, uint32_t(section.type));
    storeU32(record + s::flags, section.flags);
    storeU64(record + s::offset, section.offset);
    storeU64(record + s::size, section.size);
    storeU32(record + s::log2Alignment, section.log2Alignment);
    storeU32(record + s::arch, uint32_t(section.arch));
    storeU64(record + s::cpuFeatures, section.cpuFeatures);
    storeU32(record + s::isa, uint32_t(section.isa));
    std::copy(section.digest.begin(), section.digest.end(), record + s::digest);
  }
  uint8_t *head = bytes.data();
  std::copy_n(kMagic, 8, head + h::magic);
  storeU32(head + h::major, header_.major);
  storeU32(head + h::minor, header_.minor);
  storeU32(head + h::headerBytes, kHeaderBytes);
  storeU32(head + h::sectionCount, header_.sectionCount);
  storeU64(head + h::fileBytes, header_.fileBytes);
  storeU64(head + h::tableOffset, kHeaderBytes);
  storeU32(head + h::codeAbi, header_.codeAbi);
  header_.rootDigest = rootDigest(head, head + kHeaderBytes, bytes.size() - kHeaderBytes);
  std::copy(header_.rootDigest.begin(), header_.rootDigest.end(), head + h::rootDigest);
  storeU32(head + h::headerCrc, headerCrc(head));
  return sink_.write(0, bytes.data(), bytes.size());
}

} // namespace lobit
