/// \file
/// The tensors of a checkpoint under the names that the IR uses.
#ifndef LOBIT_PASSES_IMPORT_CHECKPOINTSOURCE_H
#define LOBIT_PASSES_IMPORT_CHECKPOINTSOURCE_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "passes/Import/Config.h"
#include "passes/Import/Safetensors.h"

#include <set>

namespace lobit {

/// NaN and infinite weights are refused, or handed out as they are: then lobit.nonfinite
/// on the weights says what they become (docs/quantization.md, Q11).
enum class NonFinite { Refuse, Zero, Clamp };
std::optional<NonFinite> parseNonFinite(std::string_view word);

struct CheckpointOptions {
  /// Overrides what quantization_config says.
  std::optional<ScaleDirection> weightScale;
  NonFinite nonFinite = NonFinite::Refuse;
  /// Positions of the rotary table.
  int64_t maxContext = 0;
  /// Threads that look for NaN and infinities in a tensor.
  unsigned threads = 1;
};

/// A tensor that the architecture has.
struct ExpectedTensor {
  std::string name;           ///< "model.layers.0.self_attn.q_proj.weight"
  std::vector<int64_t> shape; ///< logical: [out, in] or [n]
  /// A linear layer of a block: its weights may be packed ternary codes.
  bool projection = false;
};
/// All tensors of the architecture, in the order of the graph.
std::vector<ExpectedTensor> expectedTensors(const ModelConfig &config);

/// The name of the synthesised table of rotary positions.
inline constexpr const char *ropeTableName = "lobit.rope_table";

class CheckpointSource : public TensorSource {
public:
  /// Checks names, shapes and element types of all tensors, and the scales of packed
  /// ones. All missing and all unexpected tensors are listed in one message.
  static Result<std::shared_ptr<CheckpointSource>>
  open(Safetensors tensors, const ModelConfig &config, const CheckpointOptions &options);

  /// Checks the values: packed code 3, pair nibbles and padding of int6 and, as the
  /// options say, NaN and infinities. Codes of int6 are decoded each time.
  Result<TensorData> load(std::string_view name) override;
  Result<TensorData> peek(std::string_view name) override;

  /// The type that `load` will give, Int8Codes for int6; `name` is one of expectedTensors.
  ElementType typeOf(std::string_view name) const;
  /// Whether any tensor is packed, and which way its scale was read.
  bool hasPacked() const { return hasPacked_; }
  ScaleDirection scaleDirection() const { return direction_; }
  /// What the files hold, under their own names.
  const Safetensors &tensors() const { return tensors_; }

private:
  CheckpointSource(Safetensors tensors) : tensors_(std::move(tensors)) {}
  Status addTensor(const ExpectedTensor &expected, const ModelConfig &config,
                   const CheckpointOptions &options);
  Status addInt6(const ExpectedTensor &expected, const ModelConfig &config);
  Status addPacked(const ExpectedTensor &expected, const SafetensorsTensor &tensor,
                   const ModelConfig &config, const CheckpointOptions &options);
  Status checkCodes(const std::string &name, const TensorData &data) const;
  /// Sets data.finite, unless the options want values that are not finite.
  Status checkFinite(const std::string &name, TensorData &data) const;

  Safetensors tensors_;
  NonFinite nonFinite_ = NonFinite::Refuse;
  unsigned threads_ = 1;
  bool hasPacked_ = false;
  ScaleDirection direction_ = ScaleDirection::Multiply;
  std::map<std::string, TensorData, std::less<>> data_;
  std::set<std::string, std::less<>> checked_;
};

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_CHECKPOINTSOURCE_H
