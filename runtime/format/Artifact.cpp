#include "runtime/format/Artifact.h"
#include "runtime/format/ArtifactSections.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/Crc32c.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Records.h"
#include "runtime/format/TreeDigest.h"
#include "runtime/format/WeightRules.h"

#include <algorithm>
#include <cstring>

namespace lobit {

const char *sectionWord(SectionType type) {
  switch (type) {
#define LOBIT_SECTION(EnumName, id, word, text)                                                    \
  case SectionType::EnumName:                                                                      \
    return word;
#include "runtime/format/Sections.inc"
  }
  return "unknown";
}

const char *dataTypeWord(DataType type) {
  switch (type) {
  case DataType::I32:
    return "i32";
  case DataType::F32:
    return "f32";
  }
  return "unknown";
}

Digest rootDigest(const uint8_t *header, const uint8_t *table, uint64_t tableBytes) {
  uint8_t copy[kHeaderBytes];
  std::memcpy(copy, header, kHeaderBytes);
  std::memset(copy + at::Header::headerCrc, 0, 4);
  std::memset(copy + at::Header::rootDigest, 0, 32);
  uint8_t prefix[9] = {3};
  storeU64(prefix + 1, kHeaderBytes + tableBytes);
  Sha256 hash;
  hash.update(prefix, sizeof prefix);
  hash.update(copy, kHeaderBytes);
  hash.update(table, tableBytes);
  return hash.finish();
}

uint32_t headerCrc(const uint8_t *header) {
  uint8_t copy[kHeaderBytes];
  std::memcpy(copy, header, kHeaderBytes);
  std::memset(copy + at::Header::headerCrc, 0, 4);
  return crc32c(copy, kHeaderBytes);
}

Result<ArtifactHeader> readArtifactHeader(ByteView bytes) {
  namespace f = at::Header;
  auto fail = [](StatusCode code, uint64_t offset, const char *what, const std::string &expected,
                 const std::string &found) {
    return formatError(code, "header", offset, what, expected, found);
  };
  if (bytes.size < kHeaderBytes)
    return fail(StatusCode::OUT_OF_BOUNDS, 0, "file size", "at least 4096 bytes",
                std::to_string(bytes.size));
  const uint8_t *header = bytes.data;
  if (std::memcmp(header, kMagic, 8) != 0)
    return fail(StatusCode::MALFORMED, f::magic, "magic", hexText(kMagic, 8), hexText(header, 8));
  ArtifactHeader result;
  result.major = loadU32(header + f::major);
  if (result.major != kFormatMajor)
    return fail(StatusCode::UNSUPPORTED_VERSION, f::major, "major version",
                std::to_string(kFormatMajor), std::to_string(result.major));
  const uint32_t crc = loadU32(header + f::headerCrc), computed = headerCrc(header);
  if (crc != computed)
    return fail(StatusCode::DIGEST_MISMATCH, f::headerCrc, "CRC-32C of the header",
                std::to_string(computed), std::to_string(crc) + " (the header is damaged)");
  result.minor = loadU32(header + f::minor);
  result.sectionCount = loadU32(header + f::sectionCount);
  result.fileBytes = loadU64(header + f::fileBytes);
  result.incompatFeatures = loadU64(header + f::incompatFeatures);
  result.compatFeatures = loadU64(header + f::compatFeatures);
  result.codeAbi = loadU32(header + f::codeAbi);
  std::copy_n(header + f::rootDigest, 32, result.rootDigest.begin());
  if (result.incompatFeatures)
    return fail(StatusCode::UNSUPPORTED, f::incompatFeatures, "incompatible features", "none",
                "bits " + std::to_string(result.incompatFeatures));
  if (loadU32(header + f::headerBytes) != kHeaderBytes)
    return fail(StatusCode::MALFORMED, f::headerBytes, "header size", "4096",
                std::to_string(loadU32(header + f::headerBytes)));
  if (loadU64(header + f::tableOffset) != kHeaderBytes)
    return fail(StatusCode::MALFORMED, f::tableOffset, "offset of the section table", "4096",
                std::to_string(loadU64(header + f::tableOffset)));
  if (result.sectionCount > kMaxSections)
    return fail(StatusCode::RESOURCE_LIMIT, f::sectionCount, "sections", "at most 1024",
                std::to_string(result.sectionCount));
  if (!allZeroBytes(header + f::zero, kHeaderBytes - f::zero))
    return fail(StatusCode::MALFORMED, f::zero, "reserved bytes", "zero", "another value");
  return result;
}

namespace {

Status tableError(StatusCode code, uint64_t index, uint64_t field, const std::string &what,
                  const std::string &expected, const std::string &found) {
  return formatError(code, "section table", kHeaderBytes + index * at::Section::kBytes + field,
                     "section " + std::to_string(index) + ": " + what, expected, found);
}

bool isKnown(SectionType type) { return std::strcmp(sectionWord(type), "unknown") != 0; }

/// One record of the table, checked by itself.
Status readSection(const uint8_t *record, uint64_t index, SectionInfo &section) {
  namespace f = at::Section;
  section.type = SectionType(loadU32(record + f::type));
  section.flags = loadU32(record + f::flags);
  section.offset = loadU64(record + f::offset);
  section.size = loadU64(record + f::size);
  section.log2Alignment = loadU32(record + f::log2Alignment);
  section.arch = Arch(loadU32(record + f::arch));
  section.cpuFeatures = loadU64(record + f::cpuFeatures);
  section.isa = Isa(loadU32(record + f::isa));
  std::copy_n(record + f::digest, 32, section.digest.begin());
  if (!allZeroBytes(record + f::zero, 20))
    return tableError(StatusCode::MALFORMED, index, f::zero, "reserved bytes", "zero",
                      "another value");
  const bool known = isKnown(section.type);
  if (section.flags > 1)
    return tableError(StatusCode::UNSUPPORTED, index, f::flags, "flags", "0 or 1",
                      std::to_string(section.flags));
  if (known && section.flags)
    return tableError(StatusCode::MALFORMED, index, f::flags, "flags of a known section", "0",
                      std::to_string(section.flags));
  if (!known && !section.flags)
    return tableError(StatusCode::UNSUPPORTED, index, f::type, "type", "a known section",
                      std::to_string(uint32_t(section.type)));
  const uint32_t alignment = section.log2Alignment;
  if (alignment != 6 && alignment != 12 && alignment != 14 && alignment != 16)
    return tableError(StatusCode::MALFORMED, index, f::log2Alignment, "log2 alignment",
                      "6, 12, 14 or 16", std::to_string(alignment));
  if (section.type != SectionType::Code) {
    if (section.arch != Arch::Any || section.cpuFeatures || uint32_t(section.isa))
      return tableError(StatusCode::MALFORMED, index, f::arch, "target of a section without code",
                        "zero", "another value");
    return Status();
  }
  // Code for a target this reader does not know is never chosen.
  if (const IsaInfo *isa = findIsa(section.isa)) {
    if (section.arch != isa->arch)
      return tableError(StatusCode::MISMATCH, index, f::arch,
                        std::string("architecture of ") + isa->word, archWord(isa->arch),
                        archWord(section.arch));
    if (section.cpuFeatures != isa->requiredCpuFeatures)
      return tableError(
          StatusCode::MISMATCH, index, f::cpuFeatures, std::string("CPU features of ") + isa->word,
          std::to_string(isa->requiredCpuFeatures), std::to_string(section.cpuFeatures));
  }
  return Status();
}

/// Sorted, contiguous up to alignment, gaps zero, the last one ends at the file's end.
Status checkPlaces(ByteView bytes, const std::vector<SectionInfo> &sections) {
  uint64_t end = kHeaderBytes + sections.size() * at::Section::kBytes;
  uint64_t codeBytes = 0;
  for (size_t i = 0; i < sections.size(); ++i) {
    const SectionInfo &section = sections[i];
    uint64_t start;
    if (!checkedAlignUp(end, 1ull << section.log2Alignment, start) || section.offset != start)
      return tableError(StatusCode::MALFORMED, i, at::Section::offset, "offset",
                        std::to_string(start), std::to_string(section.offset));
    if (!rangeInside(section.offset, section.size, bytes.size))
      return tableError(StatusCode::OUT_OF_BOUNDS, i, at::Section::size, "end",
                        "at most " + std::to_string(bytes.size),
                        std::to_string(section.offset) + " + " + std::to_string(section.size));
    if (!allZeroBytes(bytes.data + end, start - end))
      return tableError(StatusCode::MALFORMED, i, at::Section::offset, "gap before it", "zeros",
                        "other bytes");
    end = section.offset + section.size;
    const bool code = section.type == SectionType::Code;
    codeBytes += code ? section.size : 0;
    if (!code && section.type != SectionType::Weights && section.size > kMaxMetadataBytes)
      return tableError(StatusCode::RESOURCE_LIMIT, i, at::Section::size, "size", "at most 64 MiB",
                        std::to_string(section.size));
    if (codeBytes > kMaxCodeBytes)
      return tableError(StatusCode::RESOURCE_LIMIT, i, at::Section::size, "size of all code",
                        "at most 256 MiB", std::to_string(codeBytes));
    if (i == 0)
      continue;
    const SectionInfo &before = sections[i - 1];
    const bool ascends = before.type < section.type ||
                         (code && before.type == section.type && before.isa < section.isa);
    if (!ascends)
      return tableError(StatusCode::MALFORMED, i, at::Section::type, "type and target",
                        "more than those of the section before",
                        std::to_string(uint32_t(section.type)));
  }
  if (end != bytes.size)
    return formatError(StatusCode::MALFORMED, "section table", kHeaderBytes,
                       "end of the last section",
                       std::to_string(bytes.size) + " (the end of the file)", std::to_string(end));
  return Status();
}

Status checkPresence(const std::vector<SectionInfo> &sections) {
  auto has = [&](SectionType type) {
    return std::any_of(sections.begin(), sections.end(),
                       [&](const SectionInfo &section) { return section.type == type; });
  };
  for (SectionType type : {SectionType::Metadata, SectionType::Tensors, SectionType::Code,
                           SectionType::Kernels, SectionType::KnownAnswers, SectionType::Weights})
    if (!has(type))
      return formatError(StatusCode::MISSING, "section table", kHeaderBytes, "sections",
                         std::string("a section ") + sectionWord(type), "none");
  for (const SectionInfo &section : sections) {
    const IsaInfo *isa = findIsa(section.isa);
    if (section.type != SectionType::Code || !isa)
      continue;
    if (std::none_of(sections.begin(), sections.end(), [&](const SectionInfo &other) {
          const IsaInfo *info = findIsa(other.isa);
          return info && info->arch == isa->arch && info->rank == 0;
        }))
      return formatError(StatusCode::MISSING, "section table", kHeaderBytes, "sections",
                         std::string("baseline code for ") + archWord(isa->arch), "none");
  }
  return Status();
}

} // namespace

ByteView ArtifactView::content(SectionType type) const {
  for (const SectionInfo &section : sections_)
    if (section.type == type)
      return content(section);
  return {};
}

const TensorInfo *ArtifactView::findTensor(std::string_view name) const {
  auto found = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const TensorInfo &tensor, std::string_view n) { return tensor.name < n; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

std::vector<const SectionInfo *> ArtifactView::codeSections() const {
  std::vector<const SectionInfo *> result;
  for (const SectionInfo &section : sections_)
    if (section.type == SectionType::Code)
      result.push_back(&section);
  return result;
}

Status ArtifactView::verifySection(const SectionInfo &section) const {
  return digestStatus(section, TreeDigest::of(content(section)));
}

Status ArtifactView::readStructure() {
  Result<ArtifactHeader> header = readArtifactHeader(bytes_);
  if (!header.ok())
    return std::move(header).status();
  header_ = *header;
  if (header_.fileBytes != bytes_.size)
    return formatError(StatusCode::OUT_OF_BOUNDS, "header", at::Header::fileBytes, "file size",
                       std::to_string(header_.fileBytes) + " bytes",
                       std::to_string(bytes_.size) + " (the file is truncated or was extended)");
  const uint64_t tableBytes = header_.sectionCount * at::Section::kBytes;
  if (!rangeInside(kHeaderBytes, tableBytes, bytes_.size))
    return formatError(StatusCode::OUT_OF_BOUNDS, "header", at::Header::sectionCount,
                       "section table", "inside the file",
                       std::to_string(header_.sectionCount) + " records");
  const uint8_t *table = bytes_.data + kHeaderBytes;
  const Digest root = rootDigest(bytes_.data, table, tableBytes);
  if (root != header_.rootDigest)
    return formatError(StatusCode::DIGEST_MISMATCH, "header", at::Header::rootDigest, "root digest",
                       hexText(root), hexText(header_.rootDigest));

  sections_.resize(header_.sectionCount);
  for (size_t i = 0; i < sections_.size(); ++i)
    if (Status status = readSection(table + i * at::Section::kBytes, i, sections_[i]); !status.ok())
      return status;
  if (Status status = checkPlaces(bytes_, sections_); !status.ok())
    return status;
  if (Status status = checkPresence(sections_); !status.ok())
    return status;
  for (const SectionInfo &section : sections_)
    if (section.type != SectionType::Code && section.type != SectionType::Weights)
      if (Status status = verifySection(section); !status.ok())
        return status;

  std::vector<Isa> isas;
  for (const SectionInfo *section : codeSections())
    isas.push_back(section->isa);
  for (const SectionInfo &section : sections_) {
    const SectionBytes bytes{sectionWord(section.type), section.offset, content(section)};
    Status status;
    if (section.type == SectionType::Metadata)
      status = decodeMetadata(bytes, metadata_);
    else if (section.type == SectionType::Tensors)
      status = decodeTensors(bytes, weights().size, tensors_);
    else if (section.type == SectionType::Kernels)
      status = decodeKernels(bytes, isas, metadata_, kernels_);
    else if (section.type == SectionType::KnownAnswers)
      status = decodeKnownAnswers(bytes, metadata_, knownAnswers_);
    if (!status.ok())
      return status;
  }
  return Status();
}

Status ArtifactView::digestStatus(const SectionInfo &section, const Digest &computed) const {
  if (computed == section.digest)
    return Status();
  return formatError(StatusCode::DIGEST_MISMATCH,
                     std::string("section ") + sectionWord(section.type), section.offset,
                     "digest of the content", hexText(section.digest), hexText(computed));
}

Status ArtifactView::verify(VerifyLevel level) const {
  for (const SectionInfo &section : sections_) {
    const bool wanted = (section.type == SectionType::Code && level >= VerifyLevel::Code) ||
                        (section.type == SectionType::Weights && level >= VerifyLevel::Full);
    if (!wanted)
      continue;
    if (Status status = verifySection(section); !status.ok())
      return status;
  }
  if (level < VerifyLevel::Full)
    return Status();
  const WeightRules rules(*this);
  for (size_t piece = 0; piece < rules.count(); ++piece)
    if (Status status = rules.check(piece); !status.ok())
      return status;
  return Status();
}

Result<ArtifactView> ArtifactView::open(ByteView bytes, VerifyLevel level) {
  ArtifactView view;
  view.bytes_ = bytes;
  if (Status status = view.readStructure(); !status.ok())
    return status;
  if (Status status = view.verify(level); !status.ok())
    return status;
  return view;
}

Status verifyArtifact(ByteView bytes, VerifyLevel level) {
  return std::move(ArtifactView::open(bytes, level)).status();
}

} // namespace lobit
