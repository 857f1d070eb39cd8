/// \file
/// A small artifact with every kind of section, and the means to damage it on purpose.
#ifndef LOBIT_TEST_RUNTIME_FORMAT_SMALL_ARTIFACT_H
#define LOBIT_TEST_RUNTIME_FORMAT_SMALL_ARTIFACT_H

#include "runtime/format/ArtifactWriter.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/format/Pair24.h"
#include "runtime/format/Records.h"

#include <algorithm>
#include <cstring>

namespace lobit::test {

using Bytes = std::vector<uint8_t>;

class MemorySink : public ByteSink {
public:
  Bytes bytes;
  Status write(uint64_t offset, const uint8_t *data, uint64_t size) override {
    if (bytes.size() < offset + size)
      bytes.resize(offset + size);
    std::copy(data, data + size, bytes.begin() + offset);
    return Status();
  }
};

inline ByteView view(const Bytes &bytes) { return {bytes.data(), bytes.size()}; }

/// Appends a tensor and places it behind the ones before.
inline void addTensor(ArtifactContent &content, uint64_t &end, TensorInfo tensor) {
  tensor.dataBytes =
      *layoutBytes(tensor.layout, tensor.rows(), tensor.columns(), elementBytes(tensor.scheme));
  tensor.dataOffset = roundUp(end, kWeightAlignment);
  end = tensor.dataOffset + tensor.dataBytes;
  uint64_t scales =
      *scaleCount(tensor.granularity, tensor.groupSize, tensor.rows(), tensor.columns());
  if (scales) {
    tensor.scaleBytes = scales * (tensor.scaleType == ScaleType::F16 ? 2 : 4);
    tensor.scaleOffset = roundUp(end, kWeightAlignment);
    end = tensor.scaleOffset + tensor.scaleBytes;
  }
  content.tensors.push_back(std::move(tensor));
}

inline ArtifactContent smallContent() {
  ArtifactContent content;
  Metadata &metadata = content.metadata;
  metadata.maxRows = 64;
  metadata.scratchBytes = 4096;
  metadata.stateBytes = 2048;
  metadata.vocab = 16;
  metadata.hidden = 8;
  metadata.layers = metadata.heads = metadata.kvHeads = 1;
  metadata.headDim = 8;
  metadata.intermediate = 12;
  metadata.maxContext = 32;
  metadata.bos = 1;
  metadata.eos = {2, 3, 5};
  metadata.inputs = {{"tokens", DataType::I32, {kDynamicDim}}};
  metadata.outputs = {{"logits", DataType::F32, {kDynamicDim, 16}}};
  metadata.producer = "lobit test";
  metadata.family = "bitnet";
  LinearInfo linear;
  linear.granularity = Granularity::Tensor;
  linear.scaleType = ScaleType::F32;
  linear.out = 5;
  linear.in = 7;
  metadata.linears = {linear};

  uint64_t end = 0;
  TensorInfo ternary;
  ternary.name = "layers.0.q_proj";
  ternary.scheme = Scheme::Ternary;
  ternary.layout = Layout::T2Tl1;
  ternary.granularity = Granularity::Group;
  ternary.groupSize = 32;
  ternary.scaleType = ScaleType::F16;
  ternary.dims = {5, 40};
  addTensor(content, end, ternary);
  TensorInfo int8;
  int8.name = "embed";
  int8.scheme = Scheme::Int8;
  int8.layout = Layout::I8Dot;
  int8.granularity = Granularity::Row;
  int8.scaleType = ScaleType::F32;
  int8.dims = {3, 8};
  addTensor(content, end, int8);
  TensorInfo norm;
  norm.name = "norm";
  norm.dims = {9};
  addTensor(content, end, norm);
  TensorInfo alias = content.tensors[1];
  alias.name = "lm_head";
  alias.aliasOf = 1;
  content.tensors.push_back(alias);
  TensorInfo int6;
  int6.name = "pairs";
  int6.scheme = Scheme::Int6;
  int6.layout = Layout::I6Pair24;
  int6.granularity = Granularity::Row;
  int6.scaleType = ScaleType::F32;
  int6.dims = {2, 13};
  addTensor(content, end, int6);

  TensorInfo int4;
  int4.name = "rows";
  int4.scheme = Scheme::Int4;
  int4.layout = Layout::I4Tile;
  int4.granularity = Granularity::Row;
  int4.scaleType = ScaleType::F16;
  int4.dims = {3, 21};
  addTensor(content, end, int4);

  content.tokenizer = {'t', 'o', 'k'};
  content.report = {'{', '}'};
  OperationInfo operation;
  operation.label = "layers.0.q_proj";
  operation.kernel = "lobit_s8_t2_linear_5x40";
  operation.layout = Layout::T2Tl1;
  operation.weightBytes = 320;
  operation.flops = 400;
  content.code.push_back({Isa::Avx2, Bytes(70, 0xc3), {operation, operation}});
  content.code.push_back({Isa::X86V1, Bytes(50, 0x90), {operation}});

  LinearAnswer linearAnswer;
  linearAnswer.rows = 2;
  content.knownAnswers.linears = {linearAnswer};
  ModelAnswer modelAnswer;
  modelAnswer.tokens = {1, 4, 7};
  content.knownAnswers.models = {modelAnswer};
  return content;
}

/// The weights section of smallContent.
inline Bytes smallWeights(const ArtifactContent &content) {
  uint64_t end = 0;
  for (const TensorInfo &tensor : content.tensors)
    end = std::max(
        {end, tensor.dataOffset + tensor.dataBytes, tensor.scaleOffset + tensor.scaleBytes});
  Bytes weights(end);
  for (const TensorInfo &tensor : content.tensors) {
    std::vector<int8_t> codes(tensor.rows() * tensor.columns());
    for (size_t i = 0; i < codes.size(); ++i)
      codes[i] = int8_t(int(i % 3) - 1);
    if (tensor.scheme == Scheme::Int6)
      for (size_t i = 0; i < codes.size(); ++i)
        if (!pair24Keeps(kPair24Nibbles[i % 13 / 8 + 2], i % 13))
          codes[i] = 0;
    uint8_t *data = weights.data() + tensor.dataOffset;
    if (tensor.granularity == Granularity::None)
      std::memset(data, 0x3f, tensor.dataBytes);
    else
      (void)encodeLayout(tensor.layout, codes.data(), tensor.rows(), tensor.columns(), data);
    std::memset(weights.data() + tensor.scaleOffset, 0x3c, tensor.scaleBytes);
  }
  return weights;
}

inline Bytes writeArtifact(const ArtifactContent &content, const Bytes &weights) {
  MemorySink sink;
  ArtifactWriter writer(sink);
  Status status = writer.begin(content);
  if (status.ok())
    status = writer.writeWeights(0, weights.data(), weights.size());
  if (status.ok())
    status = writer.finish();
  return status.ok() ? sink.bytes : Bytes();
}

inline Bytes smallArtifact() {
  ArtifactContent content = smallContent();
  return writeArtifact(content, smallWeights(content));
}

/// File offset of section `index` and of its record.
inline uint64_t recordOf(size_t index) { return kHeaderBytes + index * at::Section::kBytes; }
inline uint64_t offsetOf(const Bytes &bytes, size_t index) {
  return loadU64(bytes.data() + recordOf(index) + at::Section::offset);
}
/// Index of the first section of a type.
inline size_t indexOf(const Bytes &bytes, SectionType type) {
  size_t index = 0;
  while (loadU32(bytes.data() + recordOf(index)) != uint32_t(type))
    ++index;
  return index;
}

/// Makes all digests right again, as an attacker would.
inline void reseal(Bytes &bytes) {
  uint8_t *data = bytes.data();
  const uint32_t count = loadU32(data + at::Header::sectionCount);
  for (uint32_t i = 0; i < count && recordOf(i + 1) <= bytes.size(); ++i) {
    uint64_t offset = offsetOf(bytes, i);
    uint64_t size = loadU64(data + recordOf(i) + at::Section::size);
    if (!rangeInside(offset, size, bytes.size()))
      continue;
    Digest digest = TreeDigest::of({data + offset, size});
    std::copy(digest.begin(), digest.end(), data + recordOf(i) + at::Section::digest);
  }
  const uint64_t tableBytes =
      std::min<uint64_t>(count * at::Section::kBytes, bytes.size() - kHeaderBytes);
  Digest root = rootDigest(data, data + kHeaderBytes, tableBytes);
  std::copy(root.begin(), root.end(), data + at::Header::rootDigest);
  storeU32(data + at::Header::headerCrc, headerCrc(data));
}

} // namespace lobit::test

#endif // LOBIT_TEST_RUNTIME_FORMAT_SMALL_ARTIFACT_H
