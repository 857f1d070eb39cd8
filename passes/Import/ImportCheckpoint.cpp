#include "passes/Import/Import.h"

#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "passes/Import/ModelBuilder.h"
#include "passes/Import/TokenizerJson.h"

#include <algorithm>

using namespace mlir;

namespace lobit {

static constexpr uint64_t kMaxConfig = 16 << 20;
static constexpr uint64_t kMaxTokenizer = 256 << 20;

static Result<ModelConfig> readConfig(const std::string &directory) {
  std::string path = directory + "/config.json";
  if (!fileExists(path))
    return Status(StatusCode::MISSING,
                  directory + ": has no config.json; expected a directory with config.json, "
                              "model.safetensors and tokenizer.json");
  Result<std::string> text = readTextFile(path, kMaxConfig);
  if (!text.ok())
    return std::move(text).status();
  Result<ModelConfig> config = parseConfig(*text, path);
  if (!config.ok())
    return config;
  // Chat models end a turn with a token that only generation_config.json names.
  path = directory + "/generation_config.json";
  if (!fileExists(path))
    return config;
  text = readTextFile(path, kMaxConfig);
  if (!text.ok())
    return std::move(text).status();
  Result<std::vector<int64_t>> eos = parseGenerationEos(*text, path);
  if (!eos.ok())
    return std::move(eos).status();
  for (int64_t id : *eos) {
    if (id >= config->vocab)
      return Status(StatusCode::MISMATCH, path + ": eos_token_id: expected ids below vocab_size " +
                                              std::to_string(config->vocab) + ", found " +
                                              std::to_string(id));
    if (std::find(config->eos.begin(), config->eos.end(), id) == config->eos.end())
      config->eos.push_back(id);
  }
  return config;
}

static Result<Safetensors> openTensors(const std::string &directory) {
  std::string file = directory + "/model.safetensors";
  bool single = fileExists(file), sharded = fileExists(file + ".index.json");
  if (single && sharded)
    return Status(StatusCode::AMBIGUOUS,
                  directory + ": has both model.safetensors and model.safetensors.index.json; "
                              "remove one");
  if (single)
    return Safetensors::openFile(file);
  if (sharded)
    return Safetensors::openSharded(directory);
  return Status(StatusCode::MISSING, directory + ": has neither model.safetensors nor "
                                                 "model.safetensors.index.json");
}

static Result<std::vector<uint8_t>> readTokenizer(const std::string &directory,
                                                  const ModelConfig &config,
                                                  std::vector<std::string> &notes) {
  std::string path = directory + "/tokenizer.json";
  if (!fileExists(path)) {
    notes.push_back(directory + " has no tokenizer.json: the model will take token ids, not text");
    return std::vector<uint8_t>();
  }
  Result<std::string> text = readTextFile(path, kMaxTokenizer);
  if (!text.ok())
    return std::move(text).status();
  TokenizerLimits limits;
  limits.vocab = uint32_t(config.vocab);
  if (config.bos)
    limits.bos = uint32_t(*config.bos);
  limits.eos.assign(config.eos.begin(), config.eos.end());
  Result<TokenizerData> data = parseTokenizerJson(*text, limits, path);
  if (!data.ok())
    return std::move(data).status();
  Result<std::vector<uint8_t>> bytes = encodeTokenizer(*data);
  if (!bytes.ok())
    return std::move(bytes).status().withContext(path);
  return bytes;
}

static Result<int64_t> chooseContext(const ModelConfig &config, const ImportOptions &options,
                                     std::vector<std::string> &notes) {
  if (options.maxContext < 0 || options.maxContext > config.maxPositions)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--max-context: expected 1 to " + std::to_string(config.maxPositions) +
                      " (max_position_embeddings of config.json), found " +
                      std::to_string(options.maxContext));
  if (options.maxContext != 0)
    return options.maxContext;
  if (config.maxPositions > defaultMaxContext)
    notes.push_back("the context is limited to " + std::to_string(defaultMaxContext) +
                    " tokens; the model allows " + std::to_string(config.maxPositions) +
                    " with --max-context");
  return std::min(config.maxPositions, defaultMaxContext);
}

std::optional<CacheElement> parseCacheElement(std::string_view word) {
  if (word == "f32")
    return CacheElement::F32;
  if (word == "f16")
    return CacheElement::F16;
  if (word == "int8")
    return CacheElement::Int8;
  return std::nullopt;
}

Result<ImportedModel> importCheckpoint(MLIRContext &context, const std::string &directory,
                                       const ImportOptions &options) {
  ImportedModel model;
  Result<ModelConfig> config = readConfig(directory);
  if (!config.ok())
    return std::move(config).status();
  Result<int64_t> maxContext = chooseContext(*config, options, model.notes);
  if (!maxContext.ok())
    return std::move(maxContext).status();
  Result<Safetensors> tensors = openTensors(directory);
  if (!tensors.ok())
    return std::move(tensors).status();
  CheckpointOptions checkpointOptions;
  checkpointOptions.weightScale = options.weightScale;
  checkpointOptions.nonFinite = options.nonFinite;
  checkpointOptions.maxContext = *maxContext;
  checkpointOptions.threads = options.threads;
  Result<std::shared_ptr<CheckpointSource>> source =
      CheckpointSource::open(std::move(*tensors), *config, checkpointOptions);
  if (!source.ok())
    return std::move(source).status().withContext(directory);
  Result<std::vector<uint8_t>> tokenizer = readTokenizer(directory, *config, model.notes);
  if (!tokenizer.ok())
    return std::move(tokenizer).status();

  context.loadDialect<func::FuncDialect, lb::LobitDialect, lm::LMDialect>();
  model.module = buildModel(context, *config, **source, *maxContext, options.cache);
  if (failed(verify(*model.module)))
    return Status(StatusCode::INTERNAL, directory + ": the imported module does not verify");
  model.isPacked = (*source)->hasPacked();
  model.isQat = config->isQat;
  if (config->quantization)
    model.notConverted = config->quantization->notConverted;
  model.source = *source;
  model.checkpoint = std::move(*source);
  model.tokenizer = std::move(*tokenizer);
  return model;
}

} // namespace lobit
