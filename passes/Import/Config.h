/// \file
/// config.json of a checkpoint: what the model is, validated.
#ifndef LOBIT_PASSES_IMPORT_CONFIG_H
#define LOBIT_PASSES_IMPORT_CONFIG_H

#include "runtime/format/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lobit {

/// What a stored weight_scale means: W = codes * scale, or W = codes / scale.
enum class ScaleDirection { Multiply, Divide };
std::optional<ScaleDirection> parseScaleDirection(std::string_view word);
const char *scaleDirectionWord(ScaleDirection direction);

enum class MlpActivation { Relu2, Silu };

/// Names of the norms inside a block, before o_proj and down_proj. Empty: there is none.
struct SubNorms {
  std::string attention, mlp;
};

/// `quantization_config` with quant_method bitnet.
struct QuantizationConfig {
  /// offline: the projections are packed; online: they are floats, to be quantized.
  bool offline = true;
  /// What the linear_class says about packed weights.
  ScaleDirection direction = ScaleDirection::Divide;
  std::vector<std::string> notConverted;
};

struct ModelConfig {
  std::string architecture;
  int64_t vocab = 0, hidden = 0, intermediate = 0, layers = 0;
  int64_t heads = 0, kvHeads = 0, headDim = 0, maxPositions = 0;
  float rmsNormEps = 0;
  double ropeTheta = 0;
  MlpActivation activation = MlpActivation::Silu;
  SubNorms subNorms;
  bool tied = false;
  std::optional<int64_t> bos;
  std::vector<int64_t> eos;
  std::optional<QuantizationConfig> quantization;
  /// The floats are master weights of a model trained with ternary weights.
  bool isQat = false;
};

/// `what` names the file in messages. Keys that change the arithmetic and are not
/// supported are refused; the last of two equal keys counts, because published
/// checkpoints have duplicates.
Result<ModelConfig> parseConfig(std::string_view text, const std::string &what);

/// The end-of-sequence ids of a generation_config.json; empty when it names none.
Result<std::vector<int64_t>> parseGenerationEos(std::string_view text, const std::string &what);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_CONFIG_H
