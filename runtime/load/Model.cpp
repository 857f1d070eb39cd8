#include "runtime/load/Model.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/platform/HugePages.h"

#include <algorithm>
#include <cstring>

namespace lobit {

Status Model::openBytes(ByteView bytes, const LoadOptions &options, std::string name) {
  verified_ = std::min(options.verify.value_or(VerifyLevel::Code), VerifyLevel::Code);
  Result<ArtifactView> view = ArtifactView::open(bytes, verified_);
  if (!view.ok())
    return std::move(view).status();
  view_ = std::move(view).value();
  const platform::Mapping *mapping = mapping_.bytes().size ? &mapping_ : nullptr;
  if (options.verify == VerifyLevel::Full) {
    verified_ = VerifyLevel::Full;
    WeightCheck check(view_, mapping, "");
    check.workOnAllCpus();
    if (Status status = check.result(); !status.ok())
      return status;
  } else if (!options.verify) {
    check_ = std::make_unique<WeightCheck>(view_, mapping, std::move(name));
  }
  ByteView section = view_.tokenizer();
  if (section.size == 0)
    return {};
  Result<TokenizerView> tokenizer = TokenizerView::open(section.data, section.size);
  if (!tokenizer.ok())
    return std::move(tokenizer).status();
  tokenizer_ = Tokenizer(*tokenizer);
  hasTokenizer_ = true;
  return {};
}

/// Where the weights begin, by the section table; the file's size when it does not
/// say. Nothing is trusted here: the answer only bounds what is read ahead.
static Result<uint64_t> bytesBeforeWeights(const platform::File &file, uint64_t sectionCount) {
  std::vector<uint8_t> table(sectionCount * 96);
  if (!rangeInside(kHeaderBytes, table.size(), file.size()))
    return Status(StatusCode::MALFORMED, "the section table of " + std::to_string(sectionCount) +
                                             " sections lies outside the file");
  if (Status status = file.read(kHeaderBytes, table.data(), table.size()); !status.ok())
    return status;
  for (uint64_t i = 0; i < sectionCount; ++i)
    if (loadU32(table.data() + 96 * i) == uint32_t(SectionType::Weights))
      return std::min(file.size(), loadU64(table.data() + 96 * i + 8));
  return file.size();
}

Result<std::shared_ptr<const Model>> Model::openFile(const char *path, const LoadOptions &options) {
  auto model = std::make_shared<Model>();
  auto load = [&]() -> Status {
    Result<platform::File> file = platform::File::open(path);
    if (!file.ok())
      return std::move(file).status();
    if (file->size() < kHeaderBytes)
      return Status(StatusCode::MALFORMED, "the file has " + std::to_string(file->size()) +
                                               " bytes, an artifact has at least " +
                                               std::to_string(kHeaderBytes));
    uint8_t headerBytes[kHeaderBytes];
    if (Status status = file->read(0, headerBytes, kHeaderBytes); !status.ok())
      return status;
    Result<ArtifactHeader> header = readArtifactHeader({headerBytes, kHeaderBytes});
    if (!header.ok())
      return std::move(header).status();
    if (header->fileBytes != file->size())
      return Status(StatusCode::MALFORMED, "the header says " + std::to_string(header->fileBytes) +
                                               " bytes, the file has " +
                                               std::to_string(file->size()) +
                                               "; it was cut short or something was appended");
    if (options.copy) {
      Result<platform::Memory> copy =
          platform::Memory::allocate(file->size(), "a copy of the artifact");
      if (!copy.ok())
        return std::move(copy).status();
      model->copy_ = std::move(copy).value();
      platform::preferHugePages(model->copy_);
      if (Status status = file->read(0, model->copy_.data(), file->size()); !status.ok())
        return status;
      return model->openBytes({model->copy_.data(), file->size()}, options, path);
    }
    Result<platform::Mapping> mapping = platform::Mapping::map(*file);
    if (!mapping.ok())
      return std::move(mapping).status();
    model->mapping_ = std::move(mapping).value();
    platform::preferHugePages(model->mapping_);
    Result<uint64_t> ahead = bytesBeforeWeights(*file, header->sectionCount);
    if (!ahead.ok())
      return std::move(ahead).status();
    if (options.prefault)
      ahead = file->size();
    if (Status status = model->mapping_.populate(0, *ahead); !status.ok())
      return status;
    return model->openBytes(model->mapping_.bytes(), options, path);
  };
  if (Status status = load(); !status.ok())
    return std::move(status).withContext(path);
  return std::shared_ptr<const Model>(std::move(model));
}

Result<std::shared_ptr<const Model>> Model::openMemory(ByteView bytes, const LoadOptions &options,
                                                       std::vector<EmbeddedCode> embedded) {
  auto model = std::make_shared<Model>();
  if (options.copy) {
    Result<platform::Memory> copy =
        platform::Memory::allocate(bytes.size, "a copy of the artifact");
    if (!copy.ok())
      return std::move(copy).status();
    model->copy_ = std::move(copy).value();
    if (bytes.size != 0)
      memcpy(model->copy_.data(), bytes.data, bytes.size);
    bytes.data = model->copy_.data();
  } else if (reinterpret_cast<uintptr_t>(bytes.data) % kWeightAlignment != 0) {
    return Status(StatusCode::INVALID_ARGUMENT,
                  "a borrowed artifact must be aligned to 64 bytes; align it or load a copy");
  }
  if (Status status = model->openBytes(bytes, options, ""); !status.ok())
    return status;
  model->embedded_ = std::move(embedded);
  return std::shared_ptr<const Model>(std::move(model));
}

bool Model::isEndOfSequence(uint32_t token) const {
  for (uint32_t id : metadata().eos)
    if (id == token)
      return true;
  return hasTokenizer_ && tokenizer_.isEndOfSequence(token);
}

} // namespace lobit
