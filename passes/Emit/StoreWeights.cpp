#include "passes/Emit/StoreWeights.h"

#include <thread>

namespace lobit {

TensorInfo tensorInfo(const PlacedWeight &weight) {
  auto type = llvm::cast<lb::WeightType>(weight.value.getType());
  TensorInfo info;
  info.name = weight.name;
  info.scheme = type.getScheme();
  info.layout = type.getLayout().value_or(Layout::RowMajor);
  info.dims.assign(type.getShape().begin(), type.getShape().end());
  info.dataBytes = uint64_t(type.getDataBytes());
  info.dataOffset = info.dataBytes ? weight.offset : 0;
  info.granularity = type.getGranularity();
  info.scaleType = type.getScaleType();
  info.groupSize = info.granularity == Granularity::Group ? uint32_t(type.getGroupSize()) : 0;
  info.scaleBytes = uint64_t(type.getScaleBytes());
  info.scaleOffset = info.scaleBytes ? weight.scaleOffset : 0;
  return info;
}

/// Hashing and writing take about as long: large weights get a thread for each.
static Status writeWeight(ArtifactWriter &writer, uint64_t offset,
                          const std::vector<uint8_t> &bytes, unsigned threads) {
  constexpr size_t large = 1 << 20;
  if (threads == 1 || bytes.size() < large)
    return writer.writeWeights(offset, bytes.data(), bytes.size());
  if (Status status = writer.reserveWeights(offset, bytes.size()); !status.ok())
    return status;
  std::thread digest([&] { writer.digestWeights(bytes.data(), bytes.size()); });
  Status status = writer.placeWeights(offset, bytes.data(), bytes.size());
  digest.join();
  return status;
}

Status storeWeights(ArtifactWriter &writer, const std::vector<PlacedWeight> &weights,
                    TensorSource *source, const EvaluateOptions &options,
                    const StoreProgress &progress) {
  for (size_t i = 0; i < weights.size(); ++i) {
    const PlacedWeight &weight = weights[i];
    if (progress)
      progress(i, weights.size(), weight.name);
    Result<EvaluatedWeight> evaluated = evaluateWeight(weight.value, source, options);
    if (!evaluated.ok())
      return std::move(evaluated).status().withContext(weight.name);
    const TensorInfo info = tensorInfo(weight);
    const std::vector<uint8_t> scales = encodeScales(*evaluated, info.scaleType);
    if (evaluated->bytes.size() != info.dataBytes || scales.size() != info.scaleBytes)
      return Status(StatusCode::INTERNAL,
                    weight.name + ": expected " + std::to_string(info.dataBytes) + " + " +
                        std::to_string(info.scaleBytes) + " bytes, evaluated to " +
                        std::to_string(evaluated->bytes.size()) + " + " +
                        std::to_string(scales.size()));
    if (Status status = writeWeight(writer, weight.offset, evaluated->bytes, options.threads);
        !status.ok())
      return status;
    if (scales.empty())
      continue;
    if (Status status = writer.writeWeights(weight.scaleOffset, scales.data(), scales.size());
        !status.ok())
      return status;
  }
  return Status();
}

} // namespace lobit
