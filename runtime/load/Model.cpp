#include "runtime/load/Model.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/platform/HugePages.h"

#include <algorithm>
#include <cstring>

namespace lobit {

Status Model::openBytes(ByteView bytes, const LoadOptions &options, std::string name,
                        WeightCheck::Bring bringWeights) {
  verified_ = std::min(options.verify.value_or(VerifyLevel::Code), VerifyLevel::Code);
  Result<ArtifactView> view = ArtifactView::open(bytes, verified_);
  if (!view.ok())
    return std::move(view).status();
  view_ = std::move(view).value();
  if (options.verify == VerifyLevel::Full) {
    verified_ = VerifyLevel::Full;
    WeightCheck check(view_, std::move(bringWeights), "");
    check.workOnAllCpus();
    if (Status status = check.result(); !status.ok())
      return status;
  } else if (!options.verify) {
    check_ = std::make_unique<WeightCheck>(view_, std::move(bringWeights), std::move(name));
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

/// Where the weights begin, by the section table, when they are the rest of the file; else
/// its size. Nothing is trusted here: the answer only bounds what is read ahead.
static Result<uint64_t> bytesBeforeWeights(const platform::File &file, uint64_t sectionCount) {
  std::vector<uint8_t> table(sectionCount * 96);
  if (!rangeInside(kHeaderBytes, table.size(), file.size()))
    return Status(StatusCode::MALFORMED, "the section table of " + std::to_string(sectionCount) +
                                             " sections lies outside the file");
  if (Status status = file.read(kHeaderBytes, table.data(), table.size()); !status.ok())
    return status;
  for (uint64_t i = 0; i < sectionCount; ++i)
    if (i + 1 == sectionCount && loadU32(table.data() + 96 * i) == uint32_t(SectionType::Weights))
      return std::min(file.size(), std::max<uint64_t>(kHeaderBytes + table.size(),
                                                      loadU64(table.data() + 96 * i + 8)));
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
    // The weights are left to whoever checks them, if somebody does.
    Result<uint64_t> ahead = bytesBeforeWeights(*file, header->sectionCount);
    if (!ahead.ok())
      return std::move(ahead).status();
    const bool checked = options.verify.value_or(VerifyLevel::Full) == VerifyLevel::Full;
    if (options.prefault || (options.copy && !checked))
      ahead = file->size();
    if (options.copy) {
      Result<platform::Memory> memory =
          platform::Memory::allocate(file->size(), "a copy of the artifact");
      if (!memory.ok())
        return std::move(memory).status();
      model->copy_ = std::move(memory).value();
      platform::preferHugePages(model->copy_);
      uint8_t *copy = model->copy_.data();
      if (Status status = file->read(0, copy, *ahead); !status.ok())
        return status;
      WeightCheck::Bring readWeights;
      if (*ahead != file->size())
        readWeights = [file = std::make_shared<platform::File>(std::move(file).value()),
                       copy](uint64_t offset, uint64_t size) {
          return file->read(offset, copy + offset, size);
        };
      return model->openBytes({copy, header->fileBytes}, options, path, std::move(readWeights));
    }
    Result<platform::Mapping> mapping = platform::Mapping::map(*file);
    if (!mapping.ok())
      return std::move(mapping).status();
    model->mapping_ = std::move(mapping).value();
    platform::preferHugePages(model->mapping_);
    if (Status status = model->mapping_.populate(0, *ahead); !status.ok())
      return status;
    auto populate = [mapping = &model->mapping_](uint64_t offset, uint64_t size) {
      return mapping->populate(offset, size);
    };
    return model->openBytes(model->mapping_.bytes(), options, path, populate);
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
  if (Status status = model->openBytes(bytes, options, "", nullptr); !status.ok())
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
