#include "passes/Import/Config.h"

#include "passes/Import/Json.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace lobit {

std::optional<ScaleDirection> parseScaleDirection(std::string_view word) {
  if (word == "multiply")
    return ScaleDirection::Multiply;
  if (word == "divide")
    return ScaleDirection::Divide;
  return std::nullopt;
}

const char *scaleDirectionWord(ScaleDirection direction) {
  return direction == ScaleDirection::Multiply ? "multiply" : "divide";
}

/// Bounds that keep every size far from overflow.
static constexpr int64_t kMaxDim = 1 << 22;
static constexpr int64_t kMaxLayers = 1 << 12;
/// Positions are exact in f32.
static constexpr int64_t kMaxPositions = 1 << 24;

static std::string valueText(const JsonValue &value) {
  switch (value.kind) {
  case JsonValue::Kind::Unsigned:
    return std::to_string(value.natural);
  case JsonValue::Kind::Negative:
    return std::to_string(value.negative);
  case JsonValue::Kind::Float:
    return std::to_string(value.real);
  case JsonValue::Kind::String:
    return "\"" + value.string + "\"";
  default:
    return value.kindText();
  }
}

namespace {

/// Reads members of one object and keeps the first error.
class Reader {
public:
  Reader(const JsonValue &object, std::string what) : object_(object), what_(std::move(what)) {}

  const Status &status() const { return status_; }

  void fail(StatusCode code, const std::string &message) {
    if (status_.ok())
      status_ = Status(code, what_ + ": " + message);
  }
  void refuse(const std::string &key, const std::string &expected, const JsonValue *found,
              StatusCode code = StatusCode::MALFORMED) {
    fail(found ? code : StatusCode::MISSING,
         key + ": expected " + expected + ", found " +
             (found ? valueText(*found) : std::string("no such key")));
  }

  /// The member, or null when it is absent or null.
  const JsonValue *find(const std::string &key) const {
    const JsonValue *value = object_.find(key);
    return value && !value->isNull() ? value : nullptr;
  }

  int64_t integer(const std::string &key, int64_t low, int64_t high,
                  std::optional<int64_t> fallback = std::nullopt) {
    const JsonValue *value = find(key);
    if (!value && fallback)
      return *fallback;
    bool inside = value && value->kind == JsonValue::Kind::Unsigned &&
                  value->natural >= uint64_t(low) && value->natural <= uint64_t(high);
    if (!inside) {
      refuse(key, "an integer from " + std::to_string(low) + " to " + std::to_string(high), value);
      return low;
    }
    return int64_t(value->natural);
  }

  double positive(const std::string &key, std::optional<double> fallback = std::nullopt) {
    const JsonValue *value = find(key);
    if (!value && fallback)
      return *fallback;
    if (!value || !value->isNumber() || !(value->real > 0) || !std::isfinite(value->real)) {
      refuse(key, "a number above 0", value);
      return 1;
    }
    return value->real;
  }

  bool boolean(const std::string &key, bool fallback) {
    const JsonValue *value = find(key);
    if (!value)
      return fallback;
    if (value->kind != JsonValue::Kind::Bool)
      refuse(key, "true or false", value);
    return value->boolean;
  }

  std::string word(const std::string &key, const std::vector<std::string> &known,
                   std::optional<std::string> fallback = std::nullopt) {
    const JsonValue *value = find(key);
    if (!value && fallback)
      return *fallback;
    if (!value || !value->isString() ||
        std::find(known.begin(), known.end(), value->string) == known.end()) {
      std::string expected;
      for (size_t i = 0; i < known.size(); ++i)
        expected += (i == 0 ? "\"" : i + 1 == known.size() ? " or \"" : ", \"") + known[i] + "\"";
      refuse(key, expected, value,
             value && value->isString() ? StatusCode::UNSUPPORTED : StatusCode::MALFORMED);
      return known.front();
    }
    return value->string;
  }

private:
  const JsonValue &object_;
  std::string what_;
  Status status_;
};

/// A key whose other values change the arithmetic in a way that is not built.
struct NeutralKey {
  const char *key;
  double neutral; ///< the accepted number; false counts as 0
};
constexpr NeutralKey kNeutralKeys[] = {
    {"attention_bias", 0},
    {"mlp_bias", 0},
    {"use_bias", 0},
    {"partial_rotary_factor", 1},
    {"use_qk_norm", 0},
    {"qk_norm", 0},
    {"sliding_window", 0},
    {"logit_scale", 1},
    {"logits_scaling", 1},
    {"embedding_multiplier", 1},
    {"residual_multiplier", 1},
    {"final_logit_softcapping", 0},
    {"attn_logit_softcapping", 0},
};

} // namespace

static void refuseUnsupported(Reader &reader) {
  for (const NeutralKey &entry : kNeutralKeys) {
    const JsonValue *value = reader.find(entry.key);
    if (!value)
      continue;
    bool neutral = value->kind == JsonValue::Kind::Bool
                       ? double(value->boolean) == entry.neutral
                       : value->isNumber() && value->real == entry.neutral;
    if (!neutral)
      reader.fail(StatusCode::UNSUPPORTED, std::string(entry.key) + ": " + valueText(*value) +
                                               " is not supported; only models without it are");
  }
}

/// The rope type of `rope_scaling` or `rope_parameters`.
static void checkRopeType(Reader &reader, const std::string &key, const JsonValue &value) {
  const JsonValue *type = value.find("rope_type");
  if (!type)
    type = value.find("type");
  if (!value.isObject() || !type || !type->isString() || type->string != "default")
    reader.fail(StatusCode::UNSUPPORTED,
                key + ": rope type " + (type ? valueText(*type) : std::string(value.kindText())) +
                    " is not supported; only \"default\" is");
}

static double readRopeTheta(Reader &reader, bool bitnet) {
  if (const JsonValue *scaling = reader.find("rope_scaling"))
    checkRopeType(reader, "rope_scaling", *scaling);
  // The value that Hugging Face transformers uses for an absent key.
  double fallback = bitnet ? 500000.0 : 10000.0;
  if (const JsonValue *parameters = reader.find("rope_parameters")) {
    checkRopeType(reader, "rope_parameters", *parameters);
    if (const JsonValue *theta = parameters->find("rope_theta")) {
      if (!theta->isNumber() || !(theta->real > 0))
        reader.refuse("rope_parameters.rope_theta", "a number above 0", theta);
      fallback = theta->real;
    }
  }
  double theta = reader.positive("rope_theta", fallback);
  if (theta < 1 || theta > 1e12) {
    reader.fail(StatusCode::MALFORMED,
                "rope_theta: expected a number from 1 to 1e12, found " + std::to_string(theta));
    return 1;
  }
  return theta;
}

static std::vector<int64_t> readIds(Reader &reader, const std::string &key, int64_t vocab) {
  std::vector<int64_t> ids;
  const JsonValue *value = reader.find(key);
  if (!value)
    return ids;
  auto add = [&](const JsonValue &id) {
    if (id.kind != JsonValue::Kind::Unsigned || id.natural >= uint64_t(vocab))
      reader.refuse(key, "token ids below vocab_size " + std::to_string(vocab), &id);
    else
      ids.push_back(int64_t(id.natural));
  };
  if (value->isArray())
    for (const JsonValue &id : value->array)
      add(id);
  else
    add(*value);
  if (ids.size() > 256)
    reader.fail(StatusCode::RESOURCE_LIMIT,
                key + ": expected at most 256 ids, found " + std::to_string(ids.size()));
  return ids;
}

static Result<QuantizationConfig> readQuantization(const JsonValue &value,
                                                   const std::string &what) {
  Reader reader(value, what + ": quantization_config");
  QuantizationConfig config;
  reader.word("quant_method", {"bitnet"});
  std::string linear = reader.word("linear_class", {"bitlinear", "autobitlinear"}, "bitlinear");
  std::string mode = reader.word("quantization_mode", {"offline", "online"}, "offline");
  config.offline = mode == "offline";
  // BitLinear stores 1 / mean|W| and divides by it; AutoBitLinear stores mean|W|.
  config.direction = linear == "autobitlinear" ? ScaleDirection::Multiply : ScaleDirection::Divide;
  if (linear == "bitlinear" && !config.offline)
    reader.fail(StatusCode::UNSUPPORTED, "linear_class \"bitlinear\" with quantization_mode "
                                         "\"online\" has no meaning; expected \"autobitlinear\"");
  if (reader.boolean("use_rms_norm", false))
    reader.fail(StatusCode::UNSUPPORTED, "use_rms_norm: true is not supported: a norm inside "
                                         "each projection");
  if (const JsonValue *modules = reader.find("modules_to_not_convert")) {
    if (!modules->isArray())
      reader.refuse("modules_to_not_convert", "a list of strings", modules);
    for (const JsonValue &module : modules->array) {
      if (!module.isString())
        reader.refuse("modules_to_not_convert", "a list of strings", &module);
      config.notConverted.push_back(module.string);
    }
  }
  if (!reader.status().ok())
    return reader.status();
  return config;
}

Result<ModelConfig> parseConfig(std::string_view text, const std::string &what) {
  Result<JsonValue> root = parseJson(text, DuplicateKeys::LastWins, what);
  if (!root.ok())
    return std::move(root).status();
  if (!root->isObject())
    return Status(StatusCode::MALFORMED, what + ": expected an object, found " + root->kindText());
  Reader reader(*root, what);
  ModelConfig config;

  const JsonValue *architectures = reader.find("architectures");
  if (!architectures || !architectures->isArray() || architectures->array.size() != 1 ||
      !architectures->array[0].isString())
    reader.refuse("architectures", "a list of one name", architectures);
  else
    config.architecture = architectures->array[0].string;
  if (!reader.status().ok())
    return reader.status();
  bool bitnet = config.architecture == "BitNetForCausalLM";
  bool latents = config.architecture == "BitnetForCausalLM";
  if (!bitnet && !latents && config.architecture != "LlamaForCausalLM")
    return Status(StatusCode::UNSUPPORTED,
                  what + ": architecture \"" + config.architecture +
                      "\" is not supported; expected BitNetForCausalLM, BitnetForCausalLM or "
                      "LlamaForCausalLM");
  reader.word("model_type", {bitnet ? "bitnet" : "llama"});
  if (bitnet)
    config.subNorms = {"self_attn.attn_sub_norm", "mlp.ffn_sub_norm"};
  if (latents) {
    config.subNorms = {"self_attn.inner_attn_ln", "mlp.ffn_layernorm"};
    reader.integer("weight_bits", 1, 1);
    reader.integer("input_bits", 8, 8);
  }
  refuseUnsupported(reader);

  config.vocab = reader.integer("vocab_size", 1, kMaxDim);
  config.hidden = reader.integer("hidden_size", 1, kMaxDim);
  config.intermediate = reader.integer("intermediate_size", 1, kMaxDim);
  config.layers = reader.integer("num_hidden_layers", 1, kMaxLayers);
  config.heads = reader.integer("num_attention_heads", 1, 1 << 16);
  config.kvHeads = reader.integer("num_key_value_heads", 1, config.heads, config.heads);
  if (config.heads % config.kvHeads != 0)
    reader.fail(StatusCode::MISMATCH, "num_attention_heads " + std::to_string(config.heads) +
                                          " is not a multiple of num_key_value_heads " +
                                          std::to_string(config.kvHeads));
  if (!reader.find("head_dim") && config.hidden % config.heads != 0)
    reader.fail(StatusCode::MISMATCH, "hidden_size " + std::to_string(config.hidden) +
                                          " is not a multiple of num_attention_heads " +
                                          std::to_string(config.heads) +
                                          " and there is no head_dim");
  config.headDim = reader.integer("head_dim", 1, 1 << 16, config.hidden / config.heads);
  if (config.headDim % 2 != 0)
    reader.fail(StatusCode::UNSUPPORTED,
                "head_dim: expected an even number, found " + std::to_string(config.headDim));
  config.maxPositions = reader.integer("max_position_embeddings", 1, kMaxPositions);
  double eps = reader.positive("rms_norm_eps");
  if (eps > 1 || float(eps) == 0)
    reader.fail(StatusCode::MALFORMED,
                "rms_norm_eps: expected a number from 1e-38 to 1, found " + std::to_string(eps));
  config.rmsNormEps = float(eps);
  config.ropeTheta = readRopeTheta(reader, bitnet);
  config.activation = reader.word("hidden_act", {"relu2", "silu"}) == "relu2" ? MlpActivation::Relu2
                                                                              : MlpActivation::Silu;
  config.tied = reader.boolean("tie_word_embeddings", false);
  std::vector<int64_t> bos = readIds(reader, "bos_token_id", config.vocab);
  if (bos.size() > 1)
    reader.fail(StatusCode::MALFORMED,
                "bos_token_id: expected one id, found " + std::to_string(bos.size()));
  else if (!bos.empty())
    config.bos = bos.front();
  config.eos = readIds(reader, "eos_token_id", config.vocab);

  if (const JsonValue *value = reader.find("quantization_config")) {
    Result<QuantizationConfig> quantization = readQuantization(*value, what);
    if (!quantization.ok())
      return std::move(quantization).status();
    config.quantization = std::move(*quantization);
  }
  config.isQat = latents || config.quantization;
  if (!reader.status().ok())
    return reader.status();
  return config;
}

Result<std::vector<int64_t>> parseGenerationEos(std::string_view text, const std::string &what) {
  Result<JsonValue> root = parseJson(text, DuplicateKeys::LastWins, what);
  if (!root.ok())
    return std::move(root).status();
  Reader reader(*root, what);
  std::vector<int64_t> ids = readIds(reader, "eos_token_id", kMaxDim);
  if (!reader.status().ok())
    return reader.status();
  return ids;
}

} // namespace lobit
