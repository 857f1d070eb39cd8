#include "runtime/format/WeightRules.h"
#include "runtime/format/ArtifactSections.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"

#include <algorithm>

namespace lobit {

/// Of packed codes in one piece, about.
constexpr uint64_t kPieceBytes = 4 << 20;

/// The bytes of as many rows as the layout packs together.
static uint64_t rowBlockBytes(const TensorInfo &tensor) {
  Result<uint64_t> bytes =
      layoutBytes(tensor.layout, findLayout(tensor.layout)->rowBlock, tensor.columns(), 1);
  return bytes.ok() ? *bytes : 0;
}

WeightRules::WeightRules(const ArtifactView &artifact)
    : artifact_(&artifact), base_(uint64_t(artifact.weights().data - artifact.bytes().data)) {
  for (const TensorInfo &tensor : artifact.tensors()) {
    if (tensor.aliasOf != kNotAnAlias)
      continue;
    ranges_.push_back({tensor.dataOffset, tensor.dataBytes});
    ranges_.push_back({tensor.scaleOffset, tensor.scaleBytes});
    if (tensor.granularity == Granularity::None)
      continue;
    const uint64_t block = std::max<uint64_t>(1, rowBlockBytes(tensor));
    const uint64_t step =
        findLayout(tensor.layout)->rowBlock * std::max<uint64_t>(1, kPieceBytes / block);
    for (uint64_t row = 0; row < tensor.rows(); row += step)
      pieces_.push_back({&tensor, row, std::min(step, tensor.rows() - row)});
    pieces_.push_back({&tensor, 0, 0});
  }
  pieces_.push_back({nullptr, 0, 0});
  std::sort(ranges_.begin(), ranges_.end());
}

Status WeightRules::check(size_t index) const {
  const Piece &piece = pieces_[index];
  if (!piece.tensor)
    return checkGaps();
  return piece.rows ? checkRows(piece) : checkScales(*piece.tensor);
}

Status WeightRules::checkRows(const Piece &piece) const {
  const TensorInfo &tensor = *piece.tensor;
  const uint8_t *data = artifact_->weights().data + tensor.dataOffset;
  const uint64_t blocks = piece.firstRow / findLayout(tensor.layout)->rowBlock;
  Status status = checkLayout(tensor.layout, data + blocks * rowBlockBytes(tensor), piece.rows,
                              tensor.columns());
  if (status.ok())
    return status;
  if (piece.rows != tensor.rows()) // the row by its number in the tensor
    status = checkLayout(tensor.layout, data, tensor.rows(), tensor.columns());
  return std::move(status).withContext(
      "section weights, offset " + std::to_string(base_ + tensor.dataOffset) + ": " + tensor.name);
}

Status WeightRules::checkScales(const TensorInfo &tensor) const {
  const bool half = tensor.scaleType == ScaleType::F16;
  for (uint64_t at = 0; at < tensor.scaleBytes; at += half ? 2 : 4) {
    const uint8_t *scale = artifact_->weights().data + tensor.scaleOffset + at;
    const bool finite =
        half ? (scale[1] & 0x7c) != 0x7c : (loadU32(scale) & 0x7f800000) != 0x7f800000;
    if (!finite)
      return formatError(StatusCode::MALFORMED, "section weights", base_ + tensor.scaleOffset + at,
                         "scale of " + tensor.name, "a finite number", "infinity or NaN");
  }
  return Status();
}

Status WeightRules::checkGaps() const {
  uint64_t end = 0;
  for (auto [offset, size] : ranges_) {
    if (!size)
      continue;
    if (!allZeroBytes(artifact_->weights().data + end, offset - end))
      return formatError(StatusCode::MALFORMED, "section weights", base_ + end,
                         "gap between tensors", "zeros", "other bytes");
    end = offset + size;
  }
  return Status();
}

} // namespace lobit
