#include "tools/quant-dump/Annotate.h"
#include "runtime/cpu/Cpu.h"
#include "runtime/format/Records.h"

#include <algorithm>
#include <cstdio>

namespace lobit {
namespace {

/// How a field is shown.
enum class Kind {
  Magic,
  U32,
  U64,
  Hex32,
  Hex64,
  Bytes,
  Zero,
  SectionType,
  Arch,
  CpuFeatures,
  Isa,
  ModelKind,
  DataType,
  Scheme,
  Layout,
  Granularity,
  ScaleType,
  Pattern,
  AnswerSource
};

struct Field {
  const char *record;
  const char *name;
  uint64_t offset, size;
  Kind kind;
  const char *note;
};

constexpr Field fields[] = {
#define LOBIT_FIELD(Record, name, offset, size, kind, note)                                        \
  {#Record, #name, offset, size, Kind::kind, note},
#include "runtime/format/Records.inc"
};

/// Scheme ids start at 1; 0 stands for "none" where it is allowed.
std::string wordOf(Kind kind, uint64_t value) {
  static const char *const patterns[] = {"", "positive", "negative", "alternating", "random"};
  switch (kind) {
  case Kind::SectionType:
    return sectionWord(SectionType(value));
  case Kind::Arch:
    return archWord(Arch(value));
  case Kind::CpuFeatures:
    return cpuFeatureWords(value);
  case Kind::Isa: {
    const IsaInfo *isa = findIsa(Isa(value));
    return isa ? isa->word : "none";
  }
  case Kind::ModelKind:
    return value == 1 ? "language model" : "function";
  case Kind::DataType:
    return dataTypeWord(DataType(value));
  case Kind::Scheme:
    return schemeWord(Scheme(value));
  case Kind::Layout: {
    const LayoutInfo *layout = findLayout(Layout(value));
    return layout ? layout->word : "none";
  }
  case Kind::Granularity:
    return granularityWord(Granularity(value));
  case Kind::ScaleType:
    return scaleTypeWord(ScaleType(value));
  case Kind::Pattern:
    return value < 5 ? patterns[value] : "unknown";
  case Kind::AnswerSource:
    return value == 1 ? "interpreter" : "baseline code";
  default:
    return "";
  }
}

std::string shortHex(const uint8_t *bytes, uint64_t size) {
  constexpr uint64_t shown = 8;
  std::string text;
  for (uint64_t i = 0; i < std::min(size, shown); ++i)
    text += (i ? " " : "") + hexText(bytes + i, 1);
  return size > shown ? text + " .." : text;
}

class Annotator {
public:
  explicit Annotator(const ArtifactView &artifact)
      : artifact_(artifact), bytes_(artifact.bytes().data) {}

  std::string run() {
    record("Header", 0);
    const std::vector<SectionInfo> &sections = artifact_.sections();
    for (size_t i = 0; i < sections.size(); ++i)
      record("Section", kHeaderBytes + i * at::Section::kBytes);
    uint64_t end = kHeaderBytes + sections.size() * at::Section::kBytes;
    for (const SectionInfo &section : sections) {
      if (section.offset > end)
        line(end, section.offset - end, "padding", "", "zeros up to the alignment");
      text_ += std::string("\n# section ") + sectionWord(section.type) + "\n";
      content(section);
      end = section.offset + section.size;
    }
    return std::move(text_);
  }

private:
  void line(uint64_t offset, uint64_t size, const std::string &field, const std::string &value,
            const std::string &note) {
    char start[16];
    std::snprintf(start, sizeof start, "%08llx", static_cast<unsigned long long>(offset));
    std::string bytes = shortHex(bytes_ + offset, size);
    bytes.resize(std::max<size_t>(bytes.size(), 26), ' ');
    std::string name = field;
    name.resize(std::max<size_t>(name.size(), 26), ' ');
    std::string shown = value;
    shown.resize(std::max<size_t>(shown.size(), 22), ' ');
    text_ +=
        std::string(start) + " | " + bytes + " | " + name + " | " + shown + " | " + note + "\n";
  }

  std::string valueOf(const Field &field, uint64_t base) const {
    const uint8_t *place = bytes_ + base + field.offset;
    char text[32];
    switch (field.kind) {
    case Kind::Magic:
      return "";
    case Kind::Bytes:
      return hexText(place, 8) + "..";
    case Kind::Zero:
      return "0";
    case Kind::U32:
      return std::to_string(loadU32(place));
    case Kind::Hex32:
      std::snprintf(text, sizeof text, "0x%x", loadU32(place));
      return text;
    case Kind::Hex64:
      std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(loadU64(place)));
      return text;
    case Kind::U64: {
      std::string values; // an array shows its leading nonzero values
      uint64_t count = field.size / 8;
      while (count > 1 && loadU64(place + 8 * (count - 1)) == 0)
        --count;
      for (uint64_t i = 0; i < count; ++i) {
        const uint64_t value = loadU64(place + 8 * i);
        values += (i ? " " : "") + (value == kDynamicDim ? "rows" : std::to_string(value));
      }
      return values;
    }
    default: {
      const uint64_t value = field.size == 8 ? loadU64(place) : loadU32(place);
      const std::string word = wordOf(field.kind, value);
      return std::to_string(value) + (word.empty() ? "" : " " + word);
    }
    }
  }

  void record(const std::string &name, uint64_t base) {
    for (const Field &field : fields)
      if (name == field.record)
        line(base + field.offset, field.size, name + "." + field.name, valueOf(field, base),
             field.note);
  }

  void records(const std::string &name, uint64_t size, uint64_t count, uint64_t &at) {
    for (uint64_t i = 0; i < count; ++i, at += size)
      record(name, at);
  }
  /// u32 values, padded to 8 bytes.
  void words(const char *name, uint64_t count, uint64_t &at) {
    if (!count)
      return;
    std::string values;
    for (uint64_t i = 0; i < count; ++i)
      values += (i ? " " : "") + std::to_string(loadU32(bytes_ + at + 4 * i));
    line(at, 4 * count, name, values, "u32 each");
    if (count % 2)
      line(at + 4 * count, 4, "padding", "", "zeros up to 8 bytes");
    at += (count + 1) / 2 * 8;
  }
  /// The names of a pool, found again by the offsets that mention them.
  void pool(const std::vector<std::string> &names, uint64_t &at) {
    for (const std::string &name : names) {
      line(at, name.size(), "pool", "\"" + name + "\"", "name");
      at += name.size();
    }
  }

  void content(const SectionInfo &section) {
    uint64_t at = section.offset;
    const uint8_t *head = bytes_ + at;
    switch (section.type) {
    case SectionType::Metadata: {
      const Metadata &metadata = artifact_.metadata();
      records("Metadata", at::Metadata::kBytes, 1, at);
      words("eos", metadata.eos.size(), at);
      records("Value", at::Value::kBytes, metadata.inputs.size() + metadata.outputs.size(), at);
      records("Linear", at::Linear::kBytes, metadata.linears.size(), at);
      std::vector<std::string> names = {metadata.producer, metadata.family};
      for (const ValueInfo &value : metadata.inputs)
        names.push_back(value.name);
      for (const ValueInfo &value : metadata.outputs)
        names.push_back(value.name);
      return pool(names, at);
    }
    case SectionType::Tensors: {
      records("TensorTable", at::TensorTable::kBytes, 1, at);
      records("Tensor", at::Tensor::kBytes, artifact_.tensors().size(), at);
      std::vector<std::string> names;
      for (const TensorInfo &tensor : artifact_.tensors())
        names.push_back(tensor.name);
      return pool(names, at);
    }
    case SectionType::Kernels: {
      records("KernelTable", at::KernelTable::kBytes, 1, at);
      records("Variant", at::Variant::kBytes, artifact_.kernels().size(), at);
      records("Operation", at::Operation::kBytes, loadU32(head + at::KernelTable::operationCount),
              at);
      std::vector<std::string> names;
      for (const KernelVariant &variant : artifact_.kernels())
        for (const OperationInfo &operation : variant.operations)
          names.insert(names.end(), {operation.label, operation.kernel});
      return pool(names, at);
    }
    case SectionType::KnownAnswers:
      records("AnswerTable", at::AnswerTable::kBytes, 1, at);
      records("LinearAnswer", at::LinearAnswer::kBytes,
              loadU32(head + at::AnswerTable::linearCount), at);
      records("ModelAnswer", at::ModelAnswer::kBytes, loadU32(head + at::AnswerTable::modelCount),
              at);
      return words("tokens", loadU32(head + at::AnswerTable::tokenCount), at);
    case SectionType::Weights:
      return weights(section.offset);
    case SectionType::Tokenizer:
    case SectionType::Report:
    case SectionType::Code:
    case SectionType::Calibration:
      break;
    }
    line(at, section.size, "content", std::to_string(section.size) + " bytes",
         section.type == SectionType::Code ? "freestanding ELF shared object" : "");
  }

  void weights(uint64_t base) {
    struct Range {
      uint64_t offset, size;
      std::string field, note;
    };
    std::vector<Range> ranges;
    for (const TensorInfo &tensor : artifact_.tensors()) {
      if (tensor.aliasOf != kNotAnAlias)
        continue;
      if (tensor.dataBytes)
        ranges.push_back(
            {tensor.dataOffset, tensor.dataBytes, tensor.name,
             std::string(schemeWord(tensor.scheme)) + " in " + findLayout(tensor.layout)->word});
      if (tensor.scaleBytes)
        ranges.push_back({tensor.scaleOffset, tensor.scaleBytes, tensor.name,
                          std::string("scales, ") + scaleTypeWord(tensor.scaleType)});
    }
    std::sort(ranges.begin(), ranges.end(),
              [](const Range &a, const Range &b) { return a.offset < b.offset; });
    uint64_t end = 0;
    for (const Range &range : ranges) {
      if (range.offset > end)
        line(base + end, range.offset - end, "padding", "", "zeros up to 64 bytes");
      line(base + range.offset, range.size, range.field, std::to_string(range.size) + " bytes",
           range.note);
      end = range.offset + range.size;
    }
  }

  const ArtifactView &artifact_;
  const uint8_t *bytes_;
  std::string text_ = "# offset | bytes | field | value | note\n";
};

} // namespace

std::string annotate(const ArtifactView &artifact) { return Annotator(artifact).run(); }

} // namespace lobit
