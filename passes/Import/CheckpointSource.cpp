#include "passes/Import/CheckpointSource.h"

#include "dialects/Lobit/Weights/FloatTensor.h"
#include "dialects/Lobit/Weights/Parallel.h"
#include "passes/Import/PackedInt6.h"
#include "passes/Import/RopeTable.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

namespace lobit {

std::optional<NonFinite> parseNonFinite(std::string_view word) {
  if (word == "error")
    return NonFinite::Refuse;
  if (word == "zero")
    return NonFinite::Zero;
  if (word == "clamp")
    return NonFinite::Clamp;
  return std::nullopt;
}

std::vector<ExpectedTensor> expectedTensors(const ModelConfig &config) {
  std::vector<ExpectedTensor> list;
  int64_t query = config.heads * config.headDim, key = config.kvHeads * config.headDim;
  list.push_back({"model.embed_tokens.weight", {config.vocab, config.hidden}});
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string prefix = "model.layers." + std::to_string(layer) + ".";
    auto norm = [&](const std::string &name, int64_t size) {
      list.push_back({prefix + name + ".weight", {size}});
    };
    auto projection = [&](const std::string &name, int64_t out, int64_t in) {
      list.push_back({prefix + name + ".weight", {out, in}, /*projection=*/true});
    };
    norm("input_layernorm", config.hidden);
    projection("self_attn.q_proj", query, config.hidden);
    projection("self_attn.k_proj", key, config.hidden);
    projection("self_attn.v_proj", key, config.hidden);
    if (!config.subNorms.attention.empty())
      norm(config.subNorms.attention, query);
    projection("self_attn.o_proj", config.hidden, query);
    norm("post_attention_layernorm", config.hidden);
    projection("mlp.gate_proj", config.intermediate, config.hidden);
    projection("mlp.up_proj", config.intermediate, config.hidden);
    if (!config.subNorms.mlp.empty())
      norm(config.subNorms.mlp, config.intermediate);
    projection("mlp.down_proj", config.hidden, config.intermediate);
  }
  list.push_back({"model.norm.weight", {config.hidden}});
  if (!config.tied)
    list.push_back({"lm_head.weight", {config.vocab, config.hidden}});
  return list;
}

static std::string scaleName(const std::string &weight) { return weight + "_scale"; }

/// "a, b and 7 more"
static std::string listText(const std::vector<std::string> &names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i ? ", " : "") + names[i];
  return text;
}

/// Tensors that some frameworks store and no computation needs.
static bool isIgnored(const std::string &name, const ModelConfig &config) {
  auto endsWith = [&](std::string_view tail) {
    return name.size() >= tail.size() &&
           std::string_view(name).substr(name.size() - tail.size()) == tail;
  };
  return endsWith(".rotary_emb.inv_freq") || (config.tied && name == "lm_head.weight");
}

static Status checkNames(const Safetensors &tensors, const std::vector<ExpectedTensor> &expected,
                         const ModelConfig &config) {
  std::set<std::string, std::less<>> known;
  std::vector<std::string> missing, extra;
  for (const ExpectedTensor &tensor : expected) {
    const SafetensorsTensor *found = tensors.find(tensor.name);
    if (tensor.shape.size() == 2 && hasPackedInt6(tensors, tensor.name)) {
      const Int6Names parts(tensor.name);
      for (const std::string &part : {parts.payload, parts.metadata, parts.scales}) {
        known.insert(part);
        if (!tensors.find(part))
          missing.push_back(part);
      }
      continue;
    }
    known.insert(tensor.name);
    if (!found)
      missing.push_back(tensor.name);
    if (found && tensor.projection && found->type == SafetensorsType::U8) {
      known.insert(scaleName(tensor.name));
      if (!tensors.find(scaleName(tensor.name)))
        missing.push_back(scaleName(tensor.name));
    }
  }
  for (const auto &entry : tensors.tensors())
    if (!known.count(entry.first) && !isIgnored(entry.first, config))
      extra.push_back(entry.first);
  if (missing.empty() && extra.empty())
    return {};
  std::string message = "the tensors do not fit " + config.architecture + " with " +
                        std::to_string(config.layers) + " layers;";
  if (!missing.empty())
    message += " missing (" + std::to_string(missing.size()) + "): " + listText(missing) + ";";
  if (!extra.empty())
    message += " not expected (" + std::to_string(extra.size()) + "): " + listText(extra) + ";";
  if (std::find(missing.begin(), missing.end(), "lm_head.weight") != missing.end())
    message += " (without tie_word_embeddings: true in config.json there must be a lm_head)";
  return Status(missing.empty() ? StatusCode::MISMATCH : StatusCode::MISSING, std::move(message));
}

static std::string quoted(const std::string &name) { return "tensor \"" + name + "\""; }

/// Whether `name` belongs to a module that the config keeps as floats.
static bool isNotConverted(const std::string &name, const ModelConfig &config) {
  for (const std::string &module : config.quantization->notConverted)
    if (!module.empty() && name.find(module) != std::string::npos)
      return true;
  return false;
}

static float floatFrom(ElementType type, const uint8_t *bytes) {
  uint32_t bits = 0;
  if (type == ElementType::F32) {
    std::memcpy(&bits, bytes, 4);
  } else {
    uint16_t half;
    std::memcpy(&half, bytes, 2);
    if (type == ElementType::BF16) {
      bits = uint32_t(half) << 16;
    } else {
      uint32_t sign = uint32_t(half & 0x8000) << 16, exponent = (half >> 10) & 31,
               mantissa = half & 1023;
      if (exponent == 31) {
        bits = sign | 0x7F800000u | mantissa << 13;
      } else if (exponent != 0) {
        bits = sign | (exponent + 112) << 23 | mantissa << 13;
      } else {
        float value = float(mantissa) * 0x1p-24f;
        return sign ? -value : value;
      }
    }
  }
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

static std::optional<ElementType> floatType(SafetensorsType type) {
  switch (type) {
  case SafetensorsType::F32:
    return ElementType::F32;
  case SafetensorsType::F16:
    return ElementType::F16;
  case SafetensorsType::BF16:
    return ElementType::BF16;
  default:
    return std::nullopt;
  }
}

Status CheckpointSource::addPacked(const ExpectedTensor &expected, const SafetensorsTensor &tensor,
                                   const ModelConfig &config, const CheckpointOptions &options) {
  std::string where = tensors_.fileOf(expected.name) + ": " + quoted(expected.name) + ": ";
  const auto &quantization = config.quantization;
  if (quantization && isNotConverted(expected.name, config))
    return Status(StatusCode::MISMATCH,
                  where +
                      "modules_to_not_convert of config.json names it, but it has packed codes");
  if (!options.weightScale && (!quantization || !quantization->offline))
    return Status(
        StatusCode::AMBIGUOUS,
        where + "has packed codes, but config.json " +
            (quantization ? "has quantization_mode \"online\"" : "has no quantization_config") +
            ", so it is open whether weight_scale is multiplied or divided by; say "
            "--weight-scale=multiply or --weight-scale=divide");
  direction_ = options.weightScale ? *options.weightScale : quantization->direction;
  hasPacked_ = true;

  std::string name = scaleName(expected.name);
  const SafetensorsTensor &scale = *tensors_.find(name);
  std::string scaleWhere = tensors_.fileOf(name) + ": " + quoted(name) + ": ";
  std::optional<ElementType> type = floatType(scale.type);
  bool one = scale.shape.empty() || scale.shape == std::vector<uint64_t>{1};
  if (!type || !one)
    return Status(StatusCode::MISMATCH,
                  scaleWhere + "expected shape [1] of F32, F16 or BF16, found " +
                      shapeText(scale.shape) + " of " + safetensorsTypeWord(scale.type));
  float stored = floatFrom(*type, scale.bytes);
  float value = direction_ == ScaleDirection::Multiply ? stored : 1.0f / stored;
  if (!(stored > 0) || !std::isfinite(stored) || !std::isfinite(value))
    return Status(StatusCode::MALFORMED,
                  scaleWhere + "expected a finite scale above 0, found " + std::to_string(stored));
  TensorData &data = data_[expected.name];
  data.type = ElementType::HfPackedTernary;
  data.shape = expected.shape;
  data.bytes = tensor.bytes;
  data.size = tensor.size;
  data.keepAlive = tensors_.ownerOf(expected.name);
  data.scales = {value};
  return {};
}

static Status expectedOffline(const std::string &where, const char *found) {
  return Status(StatusCode::MISMATCH, where +
                                          "expected packed U8 codes by quantization_mode "
                                          "\"offline\" of config.json, found " +
                                          found +
                                          "; for master weights say \"linear_class\": "
                                          "\"autobitlinear\", \"quantization_mode\": \"online\"");
}

/// Whether config.json says that the weights of `expected` are packed ternary codes.
static bool isOffline(const ExpectedTensor &expected, const ModelConfig &config) {
  return expected.projection && config.quantization && config.quantization->offline &&
         !isNotConverted(expected.name, config);
}

Status CheckpointSource::addInt6(const ExpectedTensor &expected, const ModelConfig &config) {
  if (isOffline(expected, config)) {
    const std::string payload = Int6Names(expected.name).payload;
    return expectedOffline(tensors_.fileOf(payload) + ": " + quoted(payload) + ": ", "int6");
  }
  if (Status status = checkPackedInt6(tensors_, expected.name, uint64_t(expected.shape[0]),
                                      uint64_t(expected.shape[1]));
      !status.ok())
    return status;
  TensorData &data = data_[expected.name];
  data.type = ElementType::Int8Codes;
  data.shape = expected.shape;
  return {};
}

Status CheckpointSource::addTensor(const ExpectedTensor &expected, const ModelConfig &config,
                                   const CheckpointOptions &options) {
  if (!tensors_.find(expected.name))
    return addInt6(expected, config);
  const SafetensorsTensor &tensor = *tensors_.find(expected.name);
  std::string where = tensors_.fileOf(expected.name) + ": " + quoted(expected.name) + ": ";
  bool packed = expected.projection && tensor.type == SafetensorsType::U8;
  std::vector<uint64_t> shape(expected.shape.begin(), expected.shape.end());
  if (packed)
    shape[0] = (shape[0] + 3) / 4;
  if (tensor.shape != shape)
    return Status(StatusCode::MISMATCH, where + "expected shape " + shapeText(shape) +
                                            (packed ? " of packed codes" : "") +
                                            " by config.json, found " + shapeText(tensor.shape));
  if (packed)
    return addPacked(expected, tensor, config, options);

  std::optional<ElementType> type = floatType(tensor.type);
  if (!type)
    return Status(StatusCode::UNSUPPORTED, where + "expected F32, F16 or BF16" +
                                               (expected.projection ? " or packed U8" : "") +
                                               ", found " + safetensorsTypeWord(tensor.type));
  if (isOffline(expected, config))
    return expectedOffline(where, safetensorsTypeWord(tensor.type));
  TensorData &data = data_[expected.name];
  data.type = *type;
  data.shape = expected.shape;
  data.bytes = tensor.bytes;
  data.size = tensor.size;
  data.keepAlive = tensors_.ownerOf(expected.name);
  return {};
}

Result<std::shared_ptr<CheckpointSource>> CheckpointSource::open(Safetensors tensors,
                                                                 const ModelConfig &config,
                                                                 const CheckpointOptions &options) {
  std::vector<ExpectedTensor> expected = expectedTensors(config);
  if (Status status = checkNames(tensors, expected, config); !status.ok())
    return status;
  std::shared_ptr<CheckpointSource> source(new CheckpointSource(std::move(tensors)));
  source->nonFinite_ = options.nonFinite;
  source->threads_ = options.threads;
  for (const ExpectedTensor &tensor : expected)
    if (Status status = source->addTensor(tensor, config, options); !status.ok())
      return status;
  auto table = std::make_shared<std::vector<uint8_t>>(
      makeRopeTable(options.maxContext, config.headDim, config.ropeTheta));
  TensorData &rope = source->data_[ropeTableName];
  rope.shape = {options.maxContext, config.headDim};
  rope.bytes = table->data();
  rope.size = table->size();
  rope.keepAlive = table;
  source->checked_.insert(ropeTableName);
  return source;
}

ElementType CheckpointSource::typeOf(std::string_view name) const {
  return data_.find(name)->second.type;
}

Status CheckpointSource::checkCodes(const std::string &name, const TensorData &data) const {
  uint64_t columns = data.shape[1], packedRows = (data.shape[0] + 3) / 4;
  uint64_t i = 0;
  for (; i + 8 <= data.size; i += 8) {
    uint64_t word;
    std::memcpy(&word, data.bytes + i, 8);
    if (word & (word >> 1) & 0x5555555555555555ull)
      break;
  }
  for (; i < data.size; ++i)
    for (unsigned part = 0; part < 4; ++part)
      if (((data.bytes[i] >> (2 * part)) & 3) == 3) {
        uint64_t row = part * packedRows + i / columns;
        return Status(StatusCode::MALFORMED,
                      tensors_.fileOf(name) + ": " + quoted(name) + ": row " + std::to_string(row) +
                          ", column " + std::to_string(i % columns) +
                          ": code 3 is no ternary code (0, 1, 2 mean -1, 0, +1); the file is "
                          "damaged");
      }
  return {};
}

Status CheckpointSource::checkFinite(const std::string &name, TensorData &data) const {
  if (nonFinite_ != NonFinite::Refuse)
    return {};
  unsigned bytes = data.type == ElementType::F32 ? 4 : 2;
  // All exponent bits set: an infinity or a NaN.
  uint32_t exponent = data.type == ElementType::F32   ? 0x7F800000u
                      : data.type == ElementType::F16 ? 0x7C00u
                                                      : 0x7F80u;
  uint32_t magnitude = data.type == ElementType::F32 ? 0x7FFFFFFFu : 0x7FFFu;
  uint64_t count = data.size / bytes;
  std::atomic<bool> finite{true};
  parallelFor(int64_t(count), threads_, [&](int64_t begin, int64_t end) {
    if (!areFinite(data.type, data.bytes + begin * bytes, end - begin))
      finite = false;
  });
  data.finite = finite;
  if (finite)
    return {};
  auto bitsAt = [&](const uint8_t *base, uint64_t i) {
    if (bytes == 4) {
      uint32_t bits;
      std::memcpy(&bits, base + 4 * i, 4);
      return bits;
    }
    uint16_t bits;
    std::memcpy(&bits, base + 2 * i, 2);
    return uint32_t(bits);
  };
  auto isBad = [&](uint32_t bits) { return (bits & exponent) == exponent; };
  uint64_t first = 0;
  while (!isBad(bitsAt(data.bytes, first)))
    ++first;
  uint64_t columns = data.shape.back();
  bool isNan = (bitsAt(data.bytes, first) & magnitude) != exponent;
  return Status(
      StatusCode::MALFORMED,
      tensors_.fileOf(name) + ": " + quoted(name) + ": row " + std::to_string(first / columns) +
          ", column " + std::to_string(first % columns) + ": expected a finite number, found " +
          (isNan ? "NaN" : "an infinity") + "; --nonfinite=zero or --nonfinite=clamp replaces it");
}

Result<TensorData> CheckpointSource::load(std::string_view name) {
  auto found = data_.find(name);
  if (found == data_.end())
    return Status(StatusCode::MISSING, quoted(std::string(name)) + " is not in the checkpoint");
  if (found->second.type == ElementType::Int8Codes)
    return loadPackedInt6(tensors_, found->first, found->second.shape[0], found->second.shape[1]);
  if (!checked_.count(name)) {
    bool packed = found->second.type == ElementType::HfPackedTernary;
    TensorData &data = found->second;
    Status status = packed ? checkCodes(found->first, data) : checkFinite(found->first, data);
    if (!status.ok())
      return status;
    checked_.insert(found->first);
  }
  return found->second;
}

Result<TensorData> CheckpointSource::peek(std::string_view name) {
  auto found = data_.find(name);
  const bool holdsFloats = found != data_.end() && found->second.type != ElementType::Int8Codes &&
                           found->second.type != ElementType::HfPackedTernary;
  return holdsFloats ? Result<TensorData>(found->second) : load(name);
}

} // namespace lobit
