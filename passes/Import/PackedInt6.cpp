#include "passes/Import/PackedInt6.h"

#include "runtime/format/CheckedMath.h"
#include "runtime/format/Pair24.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

namespace lobit {

static constexpr const char *formatWord = "int6_2x4_pairwise_sparse";

Int6Names::Int6Names(std::string_view weight) {
  std::string module(weight.substr(0, weight.rfind('.')));
  payload = module + ".packed_weight";
  metadata = module + ".metadata";
  scales = module + ".scales";
}

bool hasPackedInt6(const Safetensors &tensors, std::string_view weight) {
  Int6Names names(weight);
  return !tensors.find(weight) && (tensors.find(names.payload) || tensors.find(names.metadata) ||
                                   tensors.find(names.scales));
}

static std::string placeOf(const Safetensors &tensors, const std::string &name) {
  return tensors.fileOf(name) + ": tensor \"" + name + "\": ";
}

static Status checkTensor(const Safetensors &tensors, const std::string &name, uint64_t count,
                          std::initializer_list<SafetensorsType> types, const char *typeWords) {
  const SafetensorsTensor &tensor = *tensors.find(name);
  if (std::find(types.begin(), types.end(), tensor.type) == types.end())
    return Status(StatusCode::MISMATCH, placeOf(tensors, name) + "expected " + typeWords +
                                            " of int6, found " + safetensorsTypeWord(tensor.type));
  if (tensor.shape != std::vector<uint64_t>{count})
    return Status(StatusCode::MISMATCH,
                  placeOf(tensors, name) + "expected shape [" + std::to_string(count) +
                      "] of int6 by config.json, found " + shapeText(tensor.shape));
  return Status();
}

static float scaleAt(const SafetensorsTensor &scales, uint64_t row) {
  float scale;
  std::memcpy(&scale, scales.bytes + 4 * row, 4);
  return scale;
}

Status checkPackedInt6(const Safetensors &tensors, const std::string &weight, uint64_t rows,
                       uint64_t columns) {
  const Int6Names names(weight);
  const std::string &format = tensors.formatOf(names.payload);
  if (format != formatWord)
    return Status(StatusCode::MISMATCH,
                  placeOf(tensors, names.payload) + "expected \"format\": \"" + formatWord +
                      "\" in __metadata__, found " +
                      (format.empty() ? std::string("none") : "\"" + format + "\"") +
                      "; other formats use the same names, so this one has to be named");
  const uint64_t blocks = ceilDiv(columns, kPair24Columns);
  if (Status status = checkTensor(tensors, names.payload, rows * blocks * kPair24Payload,
                                  {SafetensorsType::U8}, "U8");
      !status.ok())
    return status;
  if (Status status = checkTensor(
          tensors, names.metadata, rows * blocks,
          {SafetensorsType::U32, SafetensorsType::I32, SafetensorsType::I64}, "U32, I32 or I64");
      !status.ok())
    return status;
  if (Status status = checkTensor(tensors, names.scales, rows, {SafetensorsType::F32}, "F32");
      !status.ok())
    return status;
  const SafetensorsTensor &scales = *tensors.find(names.scales);
  for (uint64_t row = 0; row < rows; ++row)
    if (const float scale = scaleAt(scales, row); !std::isfinite(scale) || scale < 0)
      return Status(StatusCode::MALFORMED,
                    placeOf(tensors, names.scales) + "row " + std::to_string(row) +
                        ": expected a finite scale of at least 0, found " + std::to_string(scale));
  return Status();
}

namespace {

/// Decodes the chunks of one matrix and names the first fault.
class Decoder {
public:
  Decoder(const Safetensors &tensors, const std::string &weight, uint64_t columns)
      : tensors_(tensors), names_(weight), payload_(*tensors.find(names_.payload)),
        metadata_(*tensors.find(names_.metadata)), columns_(columns),
        blocks_(ceilDiv(columns, kPair24Columns)) {}

  /// The codes of one row.
  Status decodeRow(uint64_t row, int8_t *codes) const {
    for (uint64_t block = 0; block < blocks_; ++block) {
      const std::optional<uint32_t> word = wordAt(row * blocks_ + block);
      if (!word)
        return fault(names_.metadata, row, block * kPair24Columns,
                     "expected a word of 32 bits, found more");
      for (uint64_t i = 0; i < 8; ++i)
        if (Status status = decodeChunk(row, 8 * block + i, *word >> 4 * i & 15, codes);
            !status.ok())
          return status;
    }
    return Status();
  }

private:
  /// None when an I64 holds no 32-bit word. The sign of an I32 is bit 31.
  std::optional<uint32_t> wordAt(uint64_t index) const {
    if (metadata_.type != SafetensorsType::I64) {
      uint32_t word;
      std::memcpy(&word, metadata_.bytes + 4 * index, 4);
      return word;
    }
    uint64_t word;
    std::memcpy(&word, metadata_.bytes + 8 * index, 8);
    if (word >> 32)
      return std::nullopt;
    return uint32_t(word);
  }

  Status decodeChunk(uint64_t row, uint64_t chunk, unsigned nibble, int8_t *codes) const {
    const uint64_t column = 8 * chunk;
    if (!isPair24Nibble(nibble))
      return fault(names_.metadata, row, column,
                   "expected a pair nibble 4, 8, 9, 12, 13 or 14, found " + std::to_string(nibble) +
                       "; the file is damaged");
    int8_t eight[8];
    unpackPair24Chunk(payload_.bytes + 3 * (row * blocks_ * 8 + chunk), nibble, eight);
    for (uint64_t i = 0; i < 8; ++i) {
      if (column + i < columns_)
        codes[column + i] = eight[i];
      else if (eight[i] < -1 || eight[i] > 1)
        return fault(names_.payload, row, column + i,
                     "expected 0, 1 or -1 in the padding after column " +
                         std::to_string(columns_ - 1) + ", found " + std::to_string(eight[i]) +
                         "; the file is damaged");
    }
    return Status();
  }

  Status fault(const std::string &name, uint64_t row, uint64_t column,
               const std::string &what) const {
    return Status(StatusCode::MALFORMED, placeOf(tensors_, name) + "row " + std::to_string(row) +
                                             ", column " + std::to_string(column) + ": " + what);
  }

  const Safetensors &tensors_;
  Int6Names names_;
  const SafetensorsTensor &payload_, &metadata_;
  uint64_t columns_, blocks_;
};

} // namespace

Result<TensorData> loadPackedInt6(const Safetensors &tensors, const std::string &weight,
                                  int64_t rows, int64_t columns) {
  auto codes = std::make_shared<std::vector<int8_t>>(size_t(rows * columns));
  Decoder decoder(tensors, weight, uint64_t(columns));
  for (int64_t row = 0; row < rows; ++row)
    if (Status status = decoder.decodeRow(uint64_t(row), codes->data() + row * columns);
        !status.ok())
      return status;
  TensorData data;
  data.type = ElementType::Int8Codes;
  data.shape = {rows, columns};
  data.bytes = reinterpret_cast<const uint8_t *>(codes->data());
  data.size = codes->size();
  const SafetensorsTensor &scales = *tensors.find(Int6Names(weight).scales);
  for (int64_t row = 0; row < rows; ++row)
    data.scales.push_back(scaleAt(scales, uint64_t(row)));
  data.keepAlive = codes;
  return data;
}

} // namespace lobit
