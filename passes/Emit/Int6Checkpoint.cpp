#include "passes/Emit/Int6Checkpoint.h"

#include "dialects/Lobit/LobitOps.h"
#include "passes/Emit/SafetensorsWriter.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Pair24.h"
#include "llvm/ADT/MapVector.h"

#include <set>

using namespace mlir;

namespace lobit {
namespace {

/// One int6 weight, by the name of its module: that of the weight without ".weight".
struct Int6Layer {
  Value value;
  uint64_t rows = 0, blocks = 0;
};
using Int6Layers = llvm::MapVector<StringRef, Int6Layer>;

Result<Int6Layers> findInt6Layers(ModuleOp module) {
  Int6Layers layers;
  bool isInline = false;
  module.walk([&](Operation *op) {
    auto quantize = dyn_cast<lb::QuantizeOp>(op);
    auto weight =
        quantize ? quantize.getInput().getDefiningOp<lb::WeightOp>() : dyn_cast<lb::WeightOp>(op);
    auto type = weight ? cast<lb::WeightType>(op->getResult(0).getType()) : lb::WeightType();
    if (!weight || type.getScheme() != Scheme::Int6)
      return;
    isInline |= !weight.getName();
    if (!weight.getName())
      return;
    StringRef name = *weight.getName();
    name.consume_back(".weight");
    layers[name] = {op->getResult(0), uint64_t(type.getRows()),
                    (uint64_t(type.getColumns()) + kPair24Columns - 1) / kPair24Columns};
  });
  if (isInline)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--emit=int6-safetensors: expected weights by name, found an inline one; use "
                  "a checkpoint");
  if (layers.empty())
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--emit=int6-safetensors: no layer is int6; say --quantize=int6 or "
                  "--layer 'REGEX=int6'");
  return layers;
}

std::string partName(StringRef layer, const char *part) { return (layer + part).str(); }

std::vector<SafetensorsEntry> entriesOf(const Int6Layers &layers,
                                        const std::vector<OriginalTensor> &original) {
  std::vector<SafetensorsEntry> entries;
  std::set<std::string> written;
  auto add = [&](std::string name, const char *type, uint64_t bytes, uint64_t count) {
    written.insert(name);
    entries.push_back({std::move(name), type, bytes, {count}, bytes * count});
  };
  for (const auto &[name, layer] : layers) {
    add(partName(name, ".packed_weight"), "U8", 1, layer.rows * layer.blocks * kPair24Payload);
    add(partName(name, ".metadata"), "U32", 4, layer.rows * layer.blocks);
    add(partName(name, ".scales"), "F32", 4, layer.rows);
    written.insert(partName(name, ".weight"));
  }
  for (const OriginalTensor &tensor : original)
    if (!written.count(tensor.name))
      entries.push_back({tensor.name, tensor.type, tensor.elementBytes, tensor.shape, tensor.size});
  return entries;
}

/// Separates the two parts of each row of i6_pair24.
Status writeLayer(SafetensorsWriter &writer, StringRef name, const Int6Layer &layer,
                  const EvaluatedWeight &weight) {
  auto type = cast<lb::WeightType>(layer.value.getType());
  std::vector<uint8_t> bytes(size_t(type.withLayout(Layout::I6Pair24).getDataBytes()));
  if (Status status = encodeLayout(Layout::I6Pair24, weight.codes.data(), layer.rows,
                                   uint64_t(type.getColumns()), bytes.data());
      !status.ok())
    return status;
  std::vector<uint8_t> payload, metadata;
  for (auto row = bytes.begin(); row != bytes.end();) {
    auto middle = row + ptrdiff_t(layer.blocks * kPair24Payload);
    auto end = middle + ptrdiff_t(layer.blocks * kPair24Metadata);
    payload.insert(payload.end(), row, middle);
    metadata.insert(metadata.end(), middle, end);
    row = end;
  }
  if (Status status = writer.write(partName(name, ".packed_weight"), payload.data()); !status.ok())
    return status;
  if (Status status = writer.write(partName(name, ".metadata"), metadata.data()); !status.ok())
    return status;
  return writer.write(partName(name, ".scales"),
                      encodeScales(weight.scales, ScaleType::F32).data());
}

} // namespace

Status writeInt6Checkpoint(ByteSink &sink, ModuleOp module, TensorSource *source,
                           const std::vector<OriginalTensor> &original,
                           const EvaluateOptions &options, const ExportProgress &progress) {
  Result<Int6Layers> layers = findInt6Layers(module);
  if (!layers.ok())
    return std::move(layers).status();
  SafetensorsWriter writer(sink, entriesOf(*layers, original),
                           {{"format", "int6_2x4_pairwise_sparse"},
                            {"user_alias", "int6_2:4sp"},
                            {"pair_sparsity", "2_of_4_pairs_per_8_values"},
                            {"bits_per_stored_value", "6"}});
  if (Status status = writer.begin(); !status.ok())
    return status;
  size_t done = 0;
  for (const auto &[name, layer] : *layers) {
    if (progress)
      progress(done++, layers->size(), name.str());
    Result<EvaluatedWeight> weight = evaluateWeight(layer.value, source, options);
    if (!weight.ok())
      return std::move(weight).status().withContext(name.str());
    if (Status status = writeLayer(writer, name, layer, *weight); !status.ok())
      return std::move(status).withContext(name.str());
  }
  for (const OriginalTensor &tensor : original)
    if (writer.has(tensor.name))
      if (Status status = writer.write(tensor.name, tensor.bytes); !status.ok())
        return status;
  return Status();
}

} // namespace lobit
