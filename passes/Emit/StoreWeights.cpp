#include "passes/Emit/StoreWeights.h"
#include "dialects/Lobit/Weights/Parallel.h"
#include "dialects/Lobit/Weights/WeightChain.h"

#include <algorithm>

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

/// The key by which KeptWeights knows a weight.
static std::optional<PackedWeights::Key> keyOf(const PlacedWeight &weight) {
  Result<WeightChain> chain = findWeightChain(weight.value);
  if (!chain.ok() || !chain->weight.getName() || !chain->quantize || !chain->pack)
    return std::nullopt;
  return PackedWeights::keyOf(*chain->weight.getName(), chain->quantize.getMethod(),
                              chain->pack.getType());
}

static WeightPlace placeOf(const PlacedWeight &weight) {
  return {weight.offset, weight.scaleOffset,
          llvm::cast<lb::WeightType>(weight.value.getType()).getScaleType()};
}

KeptWeights::Places placesOf(const std::vector<PlacedWeight> &weights) {
  KeptWeights::Places places;
  for (const PlacedWeight &weight : weights)
    if (const std::optional<PackedWeights::Key> key = keyOf(weight))
      places.emplace(*key, placeOf(weight));
  return places;
}

static Status storeWeight(AtomicFile &file, uint64_t start, const PlacedWeight &weight,
                          TensorSource *source, const StoreOptions &options) {
  std::optional<EvaluatedWeight> made;
  if (const std::optional<PackedWeights::Key> key = keyOf(weight); key && options.kept) {
    if (options.kept->isWritten(*key))
      return Status();
    made = options.kept->take(*key);
  }
  if (!made) {
    EvaluateOptions evaluate;
    evaluate.threads = options.threads;
    Result<EvaluatedWeight> evaluated = evaluateWeight(weight.value, source, evaluate);
    if (!evaluated.ok())
      return std::move(evaluated).status().withContext(weight.name);
    made = std::move(evaluated).value();
  }
  const TensorInfo info = tensorInfo(weight);
  const std::vector<uint8_t> scales = encodeScales(made->scales, info.scaleType);
  if (made->bytes.size() != info.dataBytes || scales.size() != info.scaleBytes)
    return Status(StatusCode::INTERNAL,
                  weight.name + ": expected " + std::to_string(info.dataBytes) + " + " +
                      std::to_string(info.scaleBytes) + " bytes, evaluated to " +
                      std::to_string(made->bytes.size()) + " + " + std::to_string(scales.size()));
  if (Status status = file.write(start + weight.offset, made->bytes.data(), made->bytes.size());
      !status.ok() || scales.empty())
    return status;
  return file.write(start + weight.scaleOffset, scales.data(), scales.size());
}

/// The digest of a section, its leaves read and hashed by all threads.
static Result<Digest> digestOf(const AtomicFile &file, uint64_t start, uint64_t size,
                               unsigned threads) {
  constexpr uint64_t groupBytes = TreeDigest::kGroup * TreeDigest::kLeafBytes;
  const uint64_t groups = std::max<uint64_t>(1, (size + groupBytes - 1) / groupBytes);
  std::vector<Digest> leaves(TreeDigest::leafCount(size));
  std::vector<Status> failures(groups);
  parallelForEach(
      int64_t(groups), threads,
      [&] { return std::vector<uint8_t>(size_t(std::min(size, groupBytes))); },
      [&](int64_t group, std::vector<uint8_t> &bytes) {
        const uint64_t begin = uint64_t(group) * groupBytes;
        const uint64_t count = std::min(groupBytes, size - begin);
        failures[size_t(group)] = file.read(start + begin, bytes.data(), count);
        TreeDigest::hashLeaves({bytes.data(), count}, 0,
                               &leaves[size_t(group) * TreeDigest::kGroup]);
      });
  for (Status &failure : failures)
    if (!failure.ok())
      return std::move(failure);
  return TreeDigest::ofLeaves(leaves, size);
}

Result<uint64_t> weightsStart(const ArtifactContent &content) {
  struct Nowhere : ByteSink {
    Status write(uint64_t, const uint8_t *, uint64_t) override { return Status(); }
  } nowhere;
  ArtifactWriter writer(nowhere);
  if (Status status = writer.begin(content); !status.ok())
    return status;
  return writer.weightsStart();
}

Status storeArtifact(ArtifactWriter &writer, AtomicFile &file, ArtifactContent content,
                     const std::vector<PlacedWeight> &weights, TensorSource *source,
                     const StoreOptions &options) {
  if (options.kept && options.kept->isWriting()) {
    // The sections before the weights may have become longer or shorter than was expected.
    Result<uint64_t> start = weightsStart(content);
    if (!start.ok())
      return std::move(start).status();
    if (Status status = options.kept->settle(*start, placesOf(weights)); !status.ok())
      return status;
  }
  if (Status status = writer.begin(std::move(content)); !status.ok())
    return status;
  const uint64_t start = writer.weightsStart();
  for (size_t i = 0; i < weights.size(); ++i) {
    if (options.progress)
      options.progress(i, weights.size(), weights[i].name);
    if (Status status = storeWeight(file, start, weights[i], source, options); !status.ok())
      return status;
  }
  if (Status status = file.truncate(start + writer.weightBytes()); !status.ok())
    return status;
  Result<Digest> digest = digestOf(file, start, writer.weightBytes(), options.threads);
  if (!digest.ok())
    return std::move(digest).status();
  return writer.finish(*digest);
}

} // namespace lobit
