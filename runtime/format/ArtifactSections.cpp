#include "runtime/format/ArtifactSections.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Records.h"

#include <algorithm>

namespace lobit {

Status formatError(StatusCode code, const std::string &place, uint64_t offset,
                   const std::string &what, const std::string &expected, const std::string &found) {
  return Status(code, place + ", offset " + std::to_string(offset) + ": " + what + ": expected " +
                          expected + ", found " + found);
}

bool allZeroBytes(const uint8_t *bytes, uint64_t size) {
  uint8_t any = 0;
  for (uint64_t i = 0; i < size; ++i)
    any |= bytes[i];
  return !any;
}

namespace {

//===--- writing ------------------------------------------------------------===//

/// Records in order, then a pool of names in the order in which they were mentioned.
class SectionBuilder {
public:
  /// Appends a record of zeros; its address holds until the next one.
  uint8_t *record(uint64_t bytes) {
    bytes_.resize(bytes_.size() + bytes);
    return bytes_.data() + bytes_.size() - bytes;
  }
  /// Fills the two u32 fields at `field` of a record.
  void name(uint8_t *field, const std::string &text) {
    storeU32(field, uint32_t(pool_.size()));
    storeU32(field + 4, uint32_t(text.size()));
    pool_ += text;
  }
  void words(const std::vector<uint32_t> &values) {
    uint8_t *out = record(roundUp(4 * values.size(), 8));
    for (size_t i = 0; i < values.size(); ++i)
      storeU32(out + 4 * i, values[i]);
  }
  /// Appends the pool and stores its size at `poolField` from the start.
  std::vector<uint8_t> finish(uint64_t poolField) {
    storeU32(bytes_.data() + poolField, uint32_t(pool_.size()));
    bytes_.insert(bytes_.end(), pool_.begin(), pool_.end());
    return std::move(bytes_);
  }
  std::vector<uint8_t> finish() { return std::move(bytes_); }

private:
  std::vector<uint8_t> bytes_;
  std::string pool_;
};

void storeDims(uint8_t *field, const std::vector<uint64_t> &dims) {
  for (size_t i = 0; i < dims.size() && i < kMaxRank; ++i)
    storeU64(field + 8 * i, dims[i]);
}

//===--- reading ------------------------------------------------------------===//

/// Valid UTF-8 without control characters (U+0000..1F, U+007F..9F).
bool isPlainText(const uint8_t *text, uint64_t size) {
  for (uint64_t i = 0; i < size;) {
    const uint8_t lead = text[i];
    unsigned length = lead < 0x80       ? 1
                      : lead >> 5 == 6  ? 2
                      : lead >> 4 == 14 ? 3
                      : lead >> 3 == 30 ? 4
                                        : 0;
    if (!length || length > size - i)
      return false;
    uint32_t point = length == 1 ? lead : lead & (0x7f >> length);
    for (unsigned j = 1; j < length; ++j) {
      if (text[i + j] >> 6 != 2)
        return false;
      point = point << 6 | (text[i + j] & 0x3f);
    }
    constexpr uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ||
        point < 0x20 || (point >= 0x7f && point < 0xa0))
      return false;
    i += length;
  }
  return true;
}

/// Walks a section front to back. After the first failure every step is a no-op.
class SectionReader {
public:
  explicit SectionReader(const SectionBytes &section) : section_(section) {}

  const Status &status() const { return status_; }
  bool ok() const { return status_.ok(); }

  void fail(StatusCode code, const uint8_t *place, const std::string &what,
            const std::string &expected, const std::string &found) {
    if (ok())
      status_ = formatError(code, std::string("section ") + section_.word,
                            section_.fileOffset + uint64_t(place - section_.bytes.data), what,
                            expected, found);
  }
  void require(bool condition, const uint8_t *place, const std::string &what,
               const std::string &expected, uint64_t found) {
    if (ok() && !condition)
      fail(StatusCode::MALFORMED, place, what, expected, std::to_string(found));
  }
  void requireZero(const uint8_t *place, uint64_t size) {
    if (ok() && !allZeroBytes(place, size))
      fail(StatusCode::MALFORMED, place, "reserved bytes", "zero", "another value");
  }

  /// `count` records of `bytes` bytes, or null when the section is too short.
  const uint8_t *records(uint64_t count, uint64_t bytes, const char *what) {
    const uint64_t left = section_.bytes.size - at_;
    uint64_t size;
    if (!ok())
      return nullptr;
    if (!checkedMul(count, bytes, size) || size > left) {
      fail(StatusCode::OUT_OF_BOUNDS, section_.bytes.data + at_, what,
           std::to_string(count) + " records of " + std::to_string(bytes) + " bytes",
           std::to_string(left) + " bytes");
      return nullptr;
    }
    const uint8_t *first = section_.bytes.data + at_;
    at_ += size;
    return first;
  }
  /// u32 values, padded with zeros to 8 bytes.
  std::vector<uint32_t> words(uint32_t count, const char *what) {
    std::vector<uint32_t> values;
    const uint8_t *bytes = records(roundUp(count, 2), 4, what);
    if (!ok())
      return values;
    if (count % 2)
      requireZero(bytes + 4 * uint64_t(count), 4);
    values.resize(count);
    for (uint32_t i = 0; i < count; ++i)
      values[i] = loadU32(bytes + 4 * uint64_t(i));
    return values;
  }
  /// The pool is the rest of the section.
  void openPool(const uint8_t *sizeField) {
    if (!ok())
      return;
    const uint32_t size = loadU32(sizeField);
    require(size == section_.bytes.size - at_, sizeField, "pool size",
            std::to_string(section_.bytes.size - at_), size);
    pool_ = section_.bytes.data + at_;
    poolSize_ = size;
    at_ = section_.bytes.size;
  }
  /// A name: the next piece of the pool.
  std::string name(const uint8_t *field) {
    if (!ok())
      return {};
    const uint32_t offset = loadU32(field), size = loadU32(field + 4);
    require(offset == poolAt_, field, "name offset", std::to_string(poolAt_), offset);
    require(size >= 1 && size <= kMaxNameBytes, field + 4, "name length", "1..255", size);
    require(ok() && size <= poolSize_ - poolAt_, field + 4, "name length",
            "at most the " + std::to_string(poolSize_ - poolAt_) + " bytes left in the pool", size);
    if (!ok())
      return {};
    if (!isPlainText(pool_ + poolAt_, size))
      fail(StatusCode::MALFORMED, pool_ + poolAt_, "name", "UTF-8 without control characters",
           "other bytes");
    poolAt_ += size;
    return std::string(reinterpret_cast<const char *>(pool_ + poolAt_ - size), size);
  }
  /// Nothing may follow what was read.
  Status finish() {
    if (ok() && pool_ && poolAt_ != poolSize_)
      fail(StatusCode::MALFORMED, pool_ + poolAt_, "pool", "no unused bytes",
           std::to_string(poolSize_ - poolAt_) + " bytes");
    if (ok() && at_ != section_.bytes.size)
      fail(StatusCode::MALFORMED, section_.bytes.data + at_, "section end", "no more bytes",
           std::to_string(section_.bytes.size - at_) + " bytes");
    return status_;
  }

private:
  SectionBytes section_;
  Status status_;
  uint64_t at_ = 0;
  const uint8_t *pool_ = nullptr;
  uint64_t poolSize_ = 0, poolAt_ = 0;
};

/// `rank` dims; unused fields are zero; the element count is limited.
std::vector<uint64_t> readDims(SectionReader &reader, const uint8_t *rankField,
                               const uint8_t *dimsField, uint32_t minRank, bool mayBeDynamic) {
  const uint32_t rank = loadU32(rankField);
  reader.require(rank >= minRank && rank <= kMaxRank, rankField, "rank",
                 std::to_string(minRank) + "..8", rank);
  std::vector<uint64_t> dims;
  uint64_t elements = 1;
  for (uint32_t i = 0; reader.ok() && i < kMaxRank; ++i) {
    const uint8_t *place = dimsField + 8 * i;
    const uint64_t dim = loadU64(place);
    if (i >= rank) {
      reader.require(dim == 0, place, "dimension beyond the rank", "0", dim);
      continue;
    }
    dims.push_back(dim);
    if (mayBeDynamic && i == 0 && dim == kDynamicDim)
      continue;
    reader.require(dim <= kMaxDim, place, "dimension", "at most 2^40", dim);
    if (reader.ok() && (!checkedMul(elements, dim, elements) || elements > kMaxElements))
      reader.fail(StatusCode::RESOURCE_LIMIT, place, "number of elements", "at most 2^48", "more");
  }
  return dims;
}

bool isKept(Scheme scheme) {
  return scheme == Scheme::F32 || scheme == Scheme::F16 || scheme == Scheme::BF16;
}

/// The combination rules of scheme, layout and scales, with the places of the fields.
void checkCoding(SectionReader &reader, const uint8_t *schemeField, const uint8_t *layoutField,
                 const uint8_t *granularityField, const uint8_t *scaleTypeField,
                 const uint8_t *groupField) {
  const uint32_t scheme = loadU32(schemeField), layout = loadU32(layoutField);
  const uint32_t granularity = loadU32(granularityField), type = loadU32(scaleTypeField);
  const uint32_t group = loadU32(groupField);
  reader.require(scheme >= uint32_t(Scheme::F32) && scheme <= uint32_t(Scheme::Int4), schemeField,
                 "scheme id", "a known scheme", scheme);
  reader.require(findLayout(Layout(layout)), layoutField, "layout id", "a known layout", layout);
  reader.require(layoutHolds(Layout(layout), Scheme(scheme)), layoutField, "layout id",
                 std::string("one that holds scheme ") + schemeWord(Scheme(scheme)), layout);
  if (isKept(Scheme(scheme))) {
    reader.require(granularity == 0, granularityField, "granularity of kept values", "0",
                   granularity);
    reader.require(type == 0, scaleTypeField, "scale type of kept values", "0", type);
  } else if (Scheme(scheme) != Scheme::Ternary) {
    reader.require(Granularity(granularity) == Granularity::Row, granularityField,
                   std::string("granularity of ") + schemeWord(Scheme(scheme)), "2 (row)",
                   granularity);
  } else {
    reader.require(granularity >= 1 && granularity <= 3, granularityField, "granularity", "1..3",
                   granularity);
  }
  if (!isKept(Scheme(scheme)))
    reader.require(type == 1 || (type == 2 && Scheme(scheme) != Scheme::Int6), scaleTypeField,
                   "scale type", Scheme(scheme) == Scheme::Int6 ? "1" : "1 or 2", type);
  reader.require(Layout(layout) != Layout::B3Tile || Granularity(granularity) != Granularity::Group,
                 layoutField, "layout id", "one whose bytes do not cross groups", layout);
  if (Granularity(granularity) == Granularity::Group)
    reader.require(group == 32 || group == 64 || group == 128 || group == 256, groupField,
                   "group size", "32, 64, 128 or 256", group);
  else
    reader.require(group == 0, groupField, "group size without groups", "0", group);
}

} // namespace

uint64_t elementBytes(Scheme scheme) {
  return scheme == Scheme::F32 ? 4 : scheme == Scheme::F16 || scheme == Scheme::BF16 ? 2 : 1;
}

Result<uint64_t> scaleCount(Granularity granularity, uint32_t groupSize, uint64_t rows,
                            uint64_t columns) {
  uint64_t count = 0;
  switch (granularity) {
  case Granularity::None:
    return uint64_t(0);
  case Granularity::Tensor:
    return uint64_t(1);
  case Granularity::Row:
    return rows;
  case Granularity::Group:
    if (groupSize && columns <= kMaxDim && checkedMul(rows, ceilDiv(columns, groupSize), count))
      return count;
  }
  return Status(StatusCode::RESOURCE_LIMIT, "the number of scales overflows 64 bits");
}

//===--- metadata -----------------------------------------------------------===//

std::vector<uint8_t> encodeMetadata(const Metadata &metadata) {
  namespace f = at::Metadata;
  SectionBuilder out;
  uint8_t *head = out.record(f::kBytes);
  storeU32(head + f::kind, uint32_t(metadata.kind));
  storeU32(head + f::maxRows, metadata.maxRows);
  storeU64(head + f::scratchBytes, metadata.scratchBytes);
  storeU64(head + f::stateBytes, metadata.stateBytes);
  storeU64(head + f::vocab, metadata.vocab);
  storeU64(head + f::hidden, metadata.hidden);
  storeU64(head + f::layers, metadata.layers);
  storeU64(head + f::heads, metadata.heads);
  storeU64(head + f::kvHeads, metadata.kvHeads);
  storeU64(head + f::headDim, metadata.headDim);
  storeU64(head + f::intermediate, metadata.intermediate);
  storeU64(head + f::maxContext, metadata.maxContext);
  storeU32(head + f::bos, metadata.bos);
  storeU32(head + f::eosCount, uint32_t(metadata.eos.size()));
  storeU32(head + f::inputCount, uint32_t(metadata.inputs.size()));
  storeU32(head + f::outputCount, uint32_t(metadata.outputs.size()));
  storeU32(head + f::linearCount, uint32_t(metadata.linears.size()));
  out.name(head + f::producerOffset, metadata.producer);
  out.name(head + f::familyOffset, metadata.family);
  out.words(metadata.eos);
  for (const std::vector<ValueInfo> *values : {&metadata.inputs, &metadata.outputs})
    for (const ValueInfo &value : *values) {
      uint8_t *record = out.record(at::Value::kBytes);
      out.name(record + at::Value::nameOffset, value.name);
      storeU32(record + at::Value::type, uint32_t(value.type));
      storeU32(record + at::Value::rank, uint32_t(value.dims.size()));
      storeDims(record + at::Value::dims, value.dims);
    }
  for (const LinearInfo &linear : metadata.linears) {
    namespace l = at::Linear;
    uint8_t *record = out.record(l::kBytes);
    storeU32(record + l::scheme, uint32_t(linear.scheme));
    storeU32(record + l::layout, uint32_t(linear.layout));
    storeU32(record + l::granularity, uint32_t(linear.granularity));
    storeU32(record + l::scaleType, uint32_t(linear.scaleType));
    storeU32(record + l::groupSize, linear.groupSize);
    storeU32(record + l::bias, linear.bias ? uint32_t(*linear.bias) : 0);
    storeU64(record + l::out, linear.out);
    storeU64(record + l::in, linear.in);
  }
  return out.finish(f::poolBytes);
}

static std::vector<ValueInfo> readValues(SectionReader &reader, const uint8_t *records,
                                         uint32_t count) {
  namespace f = at::Value;
  std::vector<ValueInfo> values;
  for (uint32_t i = 0; reader.ok() && i < count; ++i) {
    const uint8_t *record = records + i * f::kBytes;
    ValueInfo value;
    value.name = reader.name(record + f::nameOffset);
    const uint32_t type = loadU32(record + f::type);
    reader.require(type == 1 || type == 2, record + f::type, "element type", "1 or 2", type);
    value.type = DataType(type);
    value.dims = readDims(reader, record + f::rank, record + f::dims, 0, true);
    for (const ValueInfo &other : values)
      if (other.name == value.name)
        reader.fail(StatusCode::MALFORMED, record, "name", "names that differ", value.name);
    values.push_back(std::move(value));
  }
  return values;
}

static LinearInfo readLinear(SectionReader &reader, const uint8_t *record) {
  namespace f = at::Linear;
  checkCoding(reader, record + f::scheme, record + f::layout, record + f::granularity,
              record + f::scaleType, record + f::groupSize);
  LinearInfo linear;
  linear.scheme = Scheme(loadU32(record + f::scheme));
  linear.layout = Layout(loadU32(record + f::layout));
  linear.granularity = Granularity(loadU32(record + f::granularity));
  linear.scaleType = ScaleType(loadU32(record + f::scaleType));
  linear.groupSize = loadU32(record + f::groupSize);
  const uint32_t bias = loadU32(record + f::bias);
  reader.require(bias <= uint32_t(Scheme::BF16), record + f::bias, "scheme of the bias",
                 "0 or a kept scheme", bias);
  if (bias)
    linear.bias = Scheme(bias);
  linear.out = loadU64(record + f::out);
  linear.in = loadU64(record + f::in);
  uint64_t elements;
  reader.require(linear.out <= kMaxDim && linear.in <= kMaxDim &&
                     checkedMul(linear.out, linear.in, elements) && elements <= kMaxElements,
                 record + f::out, "number of weights", "at most 2^48", linear.out);
  reader.requireZero(record + f::zero, 8);
  return linear;
}

/// What the runtime relies on for each kind of model.
static void checkModel(SectionReader &reader, const uint8_t *head, const Metadata &metadata) {
  namespace f = at::Metadata;
  const bool language = metadata.kind == ModelKind::LanguageModel;
  struct Dim {
    uint64_t place;
    const char *name;
    uint64_t value, limit;
  };
  const Dim dims[] = {{f::vocab, "vocab", metadata.vocab, 1u << 30},
                      {f::hidden, "hidden", metadata.hidden, 1u << 30},
                      {f::layers, "layers", metadata.layers, 1u << 16},
                      {f::heads, "heads", metadata.heads, 1u << 16},
                      {f::kvHeads, "kvHeads", metadata.kvHeads, metadata.heads},
                      {f::headDim, "headDim", metadata.headDim, 1u << 20},
                      {f::intermediate, "intermediate", metadata.intermediate, 1u << 30},
                      {f::maxContext, "maxContext", metadata.maxContext, 1u << 30}};
  for (const Dim &dim : dims) {
    if (language)
      reader.require(dim.value >= 1 && dim.value <= dim.limit, head + dim.place, dim.name,
                     "1.." + std::to_string(dim.limit), dim.value);
    else
      reader.require(dim.value == 0, head + dim.place, dim.name, "0 for a function", dim.value);
  }
  reader.require(metadata.bos == kNoToken || metadata.bos < metadata.vocab, head + f::bos, "bos",
                 "a token id or none", metadata.bos);
  for (uint32_t id : metadata.eos)
    reader.require(id < metadata.vocab, head + f::kBytes, "end-of-sequence id",
                   "less than " + std::to_string(metadata.vocab), id);
  if (!reader.ok())
    return;
  if (!language) {
    reader.require(!metadata.outputs.empty(), head + f::outputCount, "number of outputs",
                   "at least 1", 0);
    return;
  }
  auto is = [](const std::vector<ValueInfo> &values, DataType type, std::vector<uint64_t> dims) {
    return values.size() == 1 && values[0].type == type && values[0].dims == dims;
  };
  if (!is(metadata.inputs, DataType::I32, {kDynamicDim}))
    reader.fail(StatusCode::MALFORMED, head + f::inputCount, "inputs of a language model",
                "one i32 [rows]", "others");
  if (!is(metadata.outputs, DataType::F32, {kDynamicDim, metadata.vocab}))
    reader.fail(StatusCode::MALFORMED, head + f::outputCount, "outputs of a language model",
                "one f32 [rows, vocab]", "others");
}

Status decodeMetadata(const SectionBytes &section, Metadata &metadata) {
  namespace f = at::Metadata;
  SectionReader reader(section);
  const uint8_t *head = reader.records(1, f::kBytes, "metadata record");
  if (!reader.ok())
    return reader.finish();
  const uint32_t kind = loadU32(head + f::kind);
  reader.require(kind == 1 || kind == 2, head + f::kind, "kind", "1 or 2", kind);
  metadata.kind = ModelKind(kind);
  metadata.maxRows = loadU32(head + f::maxRows);
  reader.require(metadata.maxRows >= 1 && metadata.maxRows <= kMaxRowsPerCall, head + f::maxRows,
                 "maxRows", "1..4096", metadata.maxRows);
  metadata.scratchBytes = loadU64(head + f::scratchBytes);
  metadata.stateBytes = loadU64(head + f::stateBytes);
  for (uint64_t place : {f::scratchBytes, f::stateBytes})
    reader.require(loadU64(head + place) <= kMaxWorkBytes, head + place, "work memory",
                   "at most 2^42 bytes", loadU64(head + place));
  metadata.vocab = loadU64(head + f::vocab);
  metadata.hidden = loadU64(head + f::hidden);
  metadata.layers = loadU64(head + f::layers);
  metadata.heads = loadU64(head + f::heads);
  metadata.kvHeads = loadU64(head + f::kvHeads);
  metadata.headDim = loadU64(head + f::headDim);
  metadata.intermediate = loadU64(head + f::intermediate);
  metadata.maxContext = loadU64(head + f::maxContext);
  metadata.bos = loadU32(head + f::bos);
  reader.requireZero(head + f::zero, f::kBytes - f::zero);

  metadata.eos = reader.words(loadU32(head + f::eosCount), "end-of-sequence ids");
  const uint32_t inputs = loadU32(head + f::inputCount), outputs = loadU32(head + f::outputCount);
  const uint32_t linears = loadU32(head + f::linearCount);
  const uint8_t *inputRecords = reader.records(inputs, at::Value::kBytes, "inputs");
  const uint8_t *outputRecords = reader.records(outputs, at::Value::kBytes, "outputs");
  const uint8_t *linearRecords = reader.records(linears, at::Linear::kBytes, "linear layers");
  reader.require(inputs <= 1024 && outputs <= 1024, head + f::inputCount, "inputs and outputs",
                 "at most 1024", std::max(inputs, outputs));
  reader.openPool(head + f::poolBytes);
  metadata.producer = reader.name(head + f::producerOffset);
  metadata.family = reader.name(head + f::familyOffset);
  metadata.inputs = readValues(reader, inputRecords, inputs);
  metadata.outputs = readValues(reader, outputRecords, outputs);
  for (uint32_t i = 0; reader.ok() && i < linears; ++i)
    metadata.linears.push_back(readLinear(reader, linearRecords + i * at::Linear::kBytes));
  checkModel(reader, head, metadata);
  return reader.finish();
}

//===--- tensors ------------------------------------------------------------===//

std::vector<uint8_t> encodeTensors(const std::vector<TensorInfo> &tensors) {
  namespace f = at::Tensor;
  SectionBuilder out;
  storeU32(out.record(at::TensorTable::kBytes) + at::TensorTable::count, uint32_t(tensors.size()));
  for (const TensorInfo &tensor : tensors) {
    uint8_t *record = out.record(f::kBytes);
    out.name(record + f::nameOffset, tensor.name);
    storeU32(record + f::scheme, uint32_t(tensor.scheme));
    storeU32(record + f::layout, uint32_t(tensor.layout));
    const Digest hash = layoutDefinitionHash(tensor.layout);
    std::copy(hash.begin(), hash.end(), record + f::layoutHash);
    storeU32(record + f::rank, uint32_t(tensor.dims.size()));
    storeU32(record + f::aliasOf, tensor.aliasOf);
    storeDims(record + f::dims, tensor.dims);
    storeU64(record + f::dataOffset, tensor.dataOffset);
    storeU64(record + f::dataBytes, tensor.dataBytes);
    storeU64(record + f::scaleOffset, tensor.scaleOffset);
    storeU64(record + f::scaleBytes, tensor.scaleBytes);
    storeU32(record + f::scaleType, uint32_t(tensor.scaleType));
    storeU32(record + f::granularity, uint32_t(tensor.granularity));
    storeU32(record + f::groupSize, tensor.groupSize);
  }
  return out.finish(at::TensorTable::poolBytes);
}

/// bytes(layout, dims) and the number of scales must be what the record says.
static void checkTensorSizes(SectionReader &reader, const uint8_t *record,
                             const TensorInfo &tensor) {
  namespace f = at::Tensor;
  uint64_t rows = tensor.rows(), columns = tensor.columns();
  if (tensor.layout == Layout::RowMajor && tensor.dims.size() > 2) {
    columns = 1;
    for (uint64_t dim : tensor.dims) // within kMaxElements: cannot overflow
      columns *= dim;
  }
  if (tensor.layout != Layout::RowMajor || tensor.granularity != Granularity::None)
    reader.require(tensor.dims.size() <= 2, record + f::rank, "rank of a quantized tensor",
                   "1 or 2", tensor.dims.size());
  if (!reader.ok())
    return;
  Result<uint64_t> data = layoutBytes(tensor.layout, rows, columns, elementBytes(tensor.scheme));
  Result<uint64_t> scales = scaleCount(tensor.granularity, tensor.groupSize, rows, columns);
  if (!data.ok() || !scales.ok()) {
    reader.fail(StatusCode::RESOURCE_LIMIT, record + f::dims, "size of the tensor",
                "less than 2^64 bytes", "more");
    return;
  }
  reader.require(*data == tensor.dataBytes, record + f::dataBytes, "data bytes of " + tensor.name,
                 std::to_string(*data), tensor.dataBytes);
  const uint64_t scaleBytes = *scales * (tensor.scaleType == ScaleType::F16 ? 2 : 4);
  reader.require(scaleBytes == tensor.scaleBytes, record + f::scaleBytes,
                 "scale bytes of " + tensor.name, std::to_string(scaleBytes), tensor.scaleBytes);
  if (!tensor.scaleBytes)
    reader.require(tensor.scaleOffset == 0, record + f::scaleOffset, "offset without scales", "0",
                   tensor.scaleOffset);
}

static TensorInfo readTensor(SectionReader &reader, const uint8_t *record) {
  namespace f = at::Tensor;
  TensorInfo tensor;
  tensor.name = reader.name(record + f::nameOffset);
  checkCoding(reader, record + f::scheme, record + f::layout, record + f::granularity,
              record + f::scaleType, record + f::groupSize);
  tensor.scheme = Scheme(loadU32(record + f::scheme));
  tensor.layout = Layout(loadU32(record + f::layout));
  const Digest hash = layoutDefinitionHash(tensor.layout);
  if (reader.ok() && !std::equal(hash.begin(), hash.end(), record + f::layoutHash))
    reader.fail(StatusCode::MISMATCH, record + f::layoutHash,
                std::string("definition of layout ") + findLayout(tensor.layout)->word,
                hexText(hash), hexText(record + f::layoutHash, 32));
  tensor.dims = readDims(reader, record + f::rank, record + f::dims, 1, false);
  tensor.aliasOf = loadU32(record + f::aliasOf);
  tensor.dataOffset = loadU64(record + f::dataOffset);
  tensor.dataBytes = loadU64(record + f::dataBytes);
  tensor.scaleOffset = loadU64(record + f::scaleOffset);
  tensor.scaleBytes = loadU64(record + f::scaleBytes);
  tensor.scaleType = ScaleType(loadU32(record + f::scaleType));
  tensor.granularity = Granularity(loadU32(record + f::granularity));
  tensor.groupSize = loadU32(record + f::groupSize);
  reader.requireZero(record + f::zero, 4);
  if (reader.ok())
    checkTensorSizes(reader, record, tensor);
  return tensor;
}

/// The ranges of all owners, in order of offset, fill the weights section: each starts
/// where the one before ends, rounded up to kWeightAlignment. Empty ranges are left out.
static void checkTiling(SectionReader &reader, const uint8_t *records, uint64_t weightBytes,
                        const std::vector<TensorInfo> &tensors) {
  struct Range {
    uint64_t offset, size;
    const uint8_t *place;
  };
  std::vector<Range> ranges;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorInfo &tensor = tensors[i];
    const uint8_t *record = records + i * at::Tensor::kBytes;
    if (tensor.aliasOf != kNotAnAlias)
      continue;
    if (tensor.dataBytes)
      ranges.push_back({tensor.dataOffset, tensor.dataBytes, record + at::Tensor::dataOffset});
    else
      reader.require(tensor.dataOffset == 0, record + at::Tensor::dataOffset, "offset without data",
                     "0", tensor.dataOffset);
    if (tensor.scaleBytes)
      ranges.push_back({tensor.scaleOffset, tensor.scaleBytes, record + at::Tensor::scaleOffset});
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range &a, const Range &b) { return a.offset < b.offset; });
  uint64_t end = 0;
  for (const Range &range : ranges) {
    uint64_t start = 0;
    if (!checkedAlignUp(end, kWeightAlignment, start))
      start = ~0ull;
    reader.require(range.offset == start, range.place, "offset in the weights",
                   std::to_string(start), range.offset);
    if (reader.ok() && !checkedAdd(range.offset, range.size, end))
      reader.fail(StatusCode::OUT_OF_BOUNDS, range.place, "range in the weights", "inside them",
                  "beyond 2^64");
  }
  if (reader.ok() && end != weightBytes)
    reader.fail(StatusCode::MISMATCH, records, "end of the last tensor",
                std::to_string(weightBytes) + " (the weights section)", std::to_string(end));
}

/// An alias repeats its owner in everything but the name.
static void checkAlias(SectionReader &reader, const uint8_t *record,
                       const std::vector<TensorInfo> &tensors, const TensorInfo &tensor) {
  namespace f = at::Tensor;
  if (tensor.aliasOf == kNotAnAlias)
    return;
  reader.require(tensor.aliasOf < tensors.size(), record + f::aliasOf, "owner of an alias",
                 "less than " + std::to_string(tensors.size()), tensor.aliasOf);
  if (!reader.ok())
    return;
  const TensorInfo &owner = tensors[tensor.aliasOf];
  reader.require(owner.aliasOf == kNotAnAlias, record + f::aliasOf, "owner of an alias",
                 "a tensor that owns its bytes", tensor.aliasOf);
  const bool same = tensor.scheme == owner.scheme && tensor.layout == owner.layout &&
                    tensor.dims == owner.dims && tensor.dataOffset == owner.dataOffset &&
                    tensor.dataBytes == owner.dataBytes &&
                    tensor.scaleOffset == owner.scaleOffset &&
                    tensor.scaleBytes == owner.scaleBytes && tensor.scaleType == owner.scaleType &&
                    tensor.granularity == owner.granularity && tensor.groupSize == owner.groupSize;
  if (reader.ok() && !same)
    reader.fail(StatusCode::MISMATCH, record, "alias " + tensor.name, "the record of " + owner.name,
                "another one");
}

Status decodeTensors(const SectionBytes &section, uint64_t weightBytes,
                     std::vector<TensorInfo> &tensors) {
  SectionReader reader(section);
  const uint8_t *head = reader.records(1, at::TensorTable::kBytes, "tensor table");
  if (!reader.ok())
    return reader.finish();
  reader.requireZero(head + at::TensorTable::zero, 8);
  const uint32_t count = loadU32(head + at::TensorTable::count);
  if (count > kMaxTensors)
    reader.fail(StatusCode::RESOURCE_LIMIT, head, "tensors", "at most 65536",
                std::to_string(count));
  const uint8_t *records = reader.records(count, at::Tensor::kBytes, "tensors");
  reader.openPool(head + at::TensorTable::poolBytes);
  for (uint32_t i = 0; reader.ok() && i < count; ++i) {
    const uint8_t *record = records + i * at::Tensor::kBytes;
    tensors.push_back(readTensor(reader, record));
    if (reader.ok() && i && !(tensors[i - 1].name < tensors[i].name))
      reader.fail(StatusCode::MALFORMED, record, "name", "one after " + tensors[i - 1].name,
                  tensors[i].name);
  }
  for (uint32_t i = 0; reader.ok() && i < count; ++i)
    checkAlias(reader, records + i * at::Tensor::kBytes, tensors, tensors[i]);
  if (reader.ok())
    checkTiling(reader, records, weightBytes, tensors);
  return reader.finish();
}

//===--- kernels ------------------------------------------------------------===//

/// The hidden state of a language model starts at a multiple of this.
constexpr uint64_t kScratchUnit = 64;

/// How many places in the scratch have room for the hidden state.
static uint64_t hiddenPlaces(const Metadata &metadata) {
  uint64_t bytes = 0;
  if (metadata.hidden == 0 ||
      !checkedMul(metadata.maxRows * sizeof(float), metadata.hidden, bytes) ||
      bytes > metadata.scratchBytes)
    return 0;
  return (metadata.scratchBytes - bytes) / kScratchUnit + 1;
}

std::vector<uint8_t> encodeKernels(const std::vector<KernelVariant> &variants) {
  SectionBuilder out;
  size_t operations = 0;
  for (const KernelVariant &variant : variants)
    operations += variant.operations.size();
  uint8_t *head = out.record(at::KernelTable::kBytes);
  storeU32(head + at::KernelTable::variantCount, uint32_t(variants.size()));
  storeU32(head + at::KernelTable::operationCount, uint32_t(operations));
  uint32_t first = 0;
  for (const KernelVariant &variant : variants) {
    uint8_t *record = out.record(at::Variant::kBytes);
    storeU32(record + at::Variant::isa, uint32_t(variant.isa));
    storeU32(record + at::Variant::first, first);
    storeU32(record + at::Variant::count, uint32_t(variant.operations.size()));
    if (variant.hiddenOffset && *variant.hiddenOffset / kScratchUnit < UINT32_MAX)
      storeU32(record + at::Variant::hidden, uint32_t(*variant.hiddenOffset / kScratchUnit + 1));
    first += uint32_t(variant.operations.size());
  }
  for (const KernelVariant &variant : variants)
    for (const OperationInfo &operation : variant.operations) {
      namespace f = at::Operation;
      uint8_t *record = out.record(f::kBytes);
      out.name(record + f::labelOffset, operation.label);
      out.name(record + f::kernelOffset, operation.kernel);
      storeU32(record + f::layout, operation.layout ? uint32_t(*operation.layout) : 0);
      storeU64(record + f::weightBytes, operation.weightBytes);
      storeU64(record + f::flops, operation.flops);
    }
  return out.finish(at::KernelTable::poolBytes);
}

Status decodeKernels(const SectionBytes &section, const std::vector<Isa> &codeSections,
                     const Metadata &metadata, std::vector<KernelVariant> &variants) {
  SectionReader reader(section);
  const uint8_t *head = reader.records(1, at::KernelTable::kBytes, "kernel table");
  if (!reader.ok())
    return reader.finish();
  reader.requireZero(head + at::KernelTable::zero, 4);
  const uint32_t variantCount = loadU32(head + at::KernelTable::variantCount);
  const uint32_t operationCount = loadU32(head + at::KernelTable::operationCount);
  reader.require(variantCount == codeSections.size(), head, "variants",
                 std::to_string(codeSections.size()) + " (one for each code section)",
                 variantCount);
  const uint8_t *variantRecords = reader.records(variantCount, at::Variant::kBytes, "variants");
  const uint8_t *records = reader.records(operationCount, at::Operation::kBytes, "operations");
  reader.openPool(head + at::KernelTable::poolBytes);
  const uint64_t places = hiddenPlaces(metadata);
  uint64_t next = 0;
  for (uint32_t i = 0; reader.ok() && i < variantCount; ++i) {
    namespace v = at::Variant;
    namespace f = at::Operation;
    const uint8_t *record = variantRecords + i * v::kBytes;
    KernelVariant variant;
    const uint32_t isa = loadU32(record + v::isa), count = loadU32(record + v::count);
    reader.require(isa == uint32_t(codeSections[i]), record + v::isa, "target",
                   std::to_string(uint32_t(codeSections[i])), isa);
    variant.isa = Isa(isa);
    reader.require(loadU32(record + v::first) == next, record + v::first, "first operation",
                   std::to_string(next), loadU32(record + v::first));
    reader.require(count <= operationCount - next, record + v::count, "operations",
                   "at most " + std::to_string(operationCount - next), count);
    const uint32_t hidden = loadU32(record + v::hidden);
    reader.require(hidden <= places, record + v::hidden, "place of the hidden state",
                   "at most " + std::to_string(places), hidden);
    if (hidden != 0)
      variant.hiddenOffset = (hidden - 1) * kScratchUnit;
    for (uint32_t j = 0; reader.ok() && j < count; ++j, ++next) {
      const uint8_t *place = records + next * f::kBytes;
      OperationInfo operation;
      operation.label = reader.name(place + f::labelOffset);
      operation.kernel = reader.name(place + f::kernelOffset);
      const uint32_t layout = loadU32(place + f::layout);
      reader.require(layout == 0 || findLayout(Layout(layout)), place + f::layout, "layout id",
                     "0 or a known layout", layout);
      if (layout)
        operation.layout = Layout(layout);
      reader.requireZero(place + f::zero, 4);
      operation.weightBytes = loadU64(place + f::weightBytes);
      operation.flops = loadU64(place + f::flops);
      variant.operations.push_back(std::move(operation));
    }
    variants.push_back(std::move(variant));
  }
  reader.require(next == operationCount, head + at::KernelTable::operationCount, "operations",
                 std::to_string(next), operationCount);
  return reader.finish();
}

//===--- known answers ------------------------------------------------------===//

std::vector<uint8_t> encodeKnownAnswers(const KnownAnswers &answers) {
  SectionBuilder out;
  std::vector<uint32_t> tokens;
  for (const ModelAnswer &answer : answers.models)
    tokens.insert(tokens.end(), answer.tokens.begin(), answer.tokens.end());
  uint8_t *head = out.record(at::AnswerTable::kBytes);
  storeU32(head + at::AnswerTable::linearCount, uint32_t(answers.linears.size()));
  storeU32(head + at::AnswerTable::modelCount, uint32_t(answers.models.size()));
  storeU32(head + at::AnswerTable::tokenCount, uint32_t(tokens.size()));
  for (const LinearAnswer &answer : answers.linears) {
    namespace f = at::LinearAnswer;
    uint8_t *record = out.record(f::kBytes);
    storeU32(record + f::function, answer.function);
    storeU32(record + f::pattern, uint32_t(answer.pattern));
    storeU64(record + f::seed, answer.seed);
    storeU64(record + f::rows, answer.rows);
    std::copy(answer.digest.begin(), answer.digest.end(), record + f::digest);
  }
  uint32_t first = 0;
  for (const ModelAnswer &answer : answers.models) {
    namespace f = at::ModelAnswer;
    uint8_t *record = out.record(f::kBytes);
    storeU32(record + f::source, uint32_t(answer.source));
    storeU32(record + f::firstToken, first);
    storeU32(record + f::tokenCount, uint32_t(answer.tokens.size()));
    first += uint32_t(answer.tokens.size());
    storeU64(record + f::seed, answer.seed);
    std::copy(answer.digest.begin(), answer.digest.end(), record + f::digest);
  }
  out.words(tokens);
  return out.finish();
}

Status decodeKnownAnswers(const SectionBytes &section, const Metadata &metadata,
                          KnownAnswers &answers) {
  SectionReader reader(section);
  const uint8_t *head = reader.records(1, at::AnswerTable::kBytes, "answer table");
  if (!reader.ok())
    return reader.finish();
  reader.requireZero(head + at::AnswerTable::zero, 4);
  const uint32_t linears = loadU32(head + at::AnswerTable::linearCount);
  const uint32_t models = loadU32(head + at::AnswerTable::modelCount);
  const uint8_t *linearRecords =
      reader.records(linears, at::LinearAnswer::kBytes, "linear answers");
  const uint8_t *modelRecords = reader.records(models, at::ModelAnswer::kBytes, "model answers");
  const std::vector<uint32_t> tokens =
      reader.words(loadU32(head + at::AnswerTable::tokenCount), "token ids");
  for (uint32_t i = 0; reader.ok() && i < linears; ++i) {
    namespace f = at::LinearAnswer;
    const uint8_t *record = linearRecords + i * f::kBytes;
    LinearAnswer answer;
    answer.function = loadU32(record + f::function);
    reader.require(answer.function >= 1 && answer.function <= metadata.linears.size(), record,
                   "function", "1.." + std::to_string(metadata.linears.size()), answer.function);
    const uint32_t pattern = loadU32(record + f::pattern);
    reader.require(pattern >= 1 && pattern <= 4, record + f::pattern, "pattern", "1..4", pattern);
    answer.pattern = AnswerPattern(pattern);
    answer.seed = loadU64(record + f::seed);
    answer.rows = loadU64(record + f::rows);
    reader.require(answer.rows >= 1 && answer.rows <= metadata.maxRows, record + f::rows, "rows",
                   "1.." + std::to_string(metadata.maxRows), answer.rows);
    std::copy_n(record + f::digest, 32, answer.digest.begin());
    answers.linears.push_back(answer);
  }
  uint64_t next = 0;
  const bool language = metadata.kind == ModelKind::LanguageModel;
  for (uint32_t i = 0; reader.ok() && i < models; ++i) {
    namespace f = at::ModelAnswer;
    const uint8_t *record = modelRecords + i * f::kBytes;
    ModelAnswer answer;
    const uint32_t source = loadU32(record + f::source), count = loadU32(record + f::tokenCount);
    reader.require(source == 1 || source == 2, record, "source", "1 or 2", source);
    answer.source = AnswerSource(source);
    reader.require(loadU32(record + f::firstToken) == next, record + f::firstToken, "first token",
                   std::to_string(next), loadU32(record + f::firstToken));
    reader.require(count <= tokens.size() - next, record + f::tokenCount, "tokens",
                   "at most " + std::to_string(tokens.size() - next), count);
    if (language)
      reader.require(count >= 1 && count <= metadata.maxContext, record + f::tokenCount, "tokens",
                     "1.." + std::to_string(metadata.maxContext), count);
    else
      reader.require(count == 0, record + f::tokenCount, "tokens of a function", "0", count);
    reader.requireZero(record + f::zero, 4);
    answer.seed = loadU64(record + f::seed);
    if (language)
      reader.require(answer.seed == 0, record + f::seed, "seed of a language model", "0",
                     answer.seed);
    std::copy_n(record + f::digest, 32, answer.digest.begin());
    if (!reader.ok())
      break;
    answer.tokens.assign(tokens.begin() + next, tokens.begin() + next + count);
    for (uint32_t token : answer.tokens)
      reader.require(token < metadata.vocab, record, "token id",
                     "less than " + std::to_string(metadata.vocab), token);
    next += count;
    answers.models.push_back(std::move(answer));
  }
  reader.require(next == tokens.size(), head + at::AnswerTable::tokenCount, "token ids",
                 std::to_string(next), tokens.size());
  return reader.finish();
}

} // namespace lobit
