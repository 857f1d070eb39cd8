#include "tools/quant-compile/Export.h"

#include "passes/Emit/AtomicFile.h"

#include <filesystem>

namespace fs = std::filesystem;

namespace lobit {

/// What a checkpoint directory has beside its tensors.
static constexpr const char *companions[] = {"config.json", "generation_config.json",
                                             "tokenizer.json", "tokenizer_config.json"};

static Status copyCompanions(const std::string &from, const std::string &to) {
  for (const char *name : companions) {
    const std::string path = from + "/" + name;
    if (!fileExists(path))
      continue;
    Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
    if (!file.ok())
      return std::move(file).status();
    if (Status status = writeFile(to + "/" + name, (*file)->bytes(), (*file)->size()); !status.ok())
      return status;
  }
  return Status();
}

static std::vector<OriginalTensor> originalTensors(const Safetensors &tensors) {
  std::vector<OriginalTensor> original;
  for (const auto &[name, tensor] : tensors.tensors())
    original.push_back({name, safetensorsTypeWord(tensor.type), safetensorsTypeBytes(tensor.type),
                        tensor.shape, tensor.bytes, tensor.size});
  return original;
}

Status exportInt6(const ImportedModel &model, const std::string &modelDirectory,
                  const std::string &directory, const EvaluateOptions &options,
                  const ExportProgress &progress) {
  if (!model.checkpoint)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--emit=int6-safetensors: expected a checkpoint directory, found " +
                      modelDirectory);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    return Status(StatusCode::IO, directory + ": cannot create: " + error.message());
  if (fs::equivalent(modelDirectory, directory, error))
    return Status(StatusCode::INVALID_ARGUMENT, "--emit=int6-safetensors: -o " + directory +
                                                    " is the model itself; name another directory");
  Result<std::unique_ptr<AtomicFile>> file = AtomicFile::create(directory + "/model.safetensors");
  if (!file.ok())
    return std::move(file).status();
  if (Status status =
          writeInt6Checkpoint(**file, *model.module, model.source.get(),
                              originalTensors(model.checkpoint->tensors()), options, progress);
      !status.ok())
    return status;
  if (Status status = copyCompanions(modelDirectory, directory); !status.ok())
    return status;
  return (*file)->commit();
}

} // namespace lobit
