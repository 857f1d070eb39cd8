#include "tools/quant-dump/Tables.h"
#include "runtime/cpu/Cpu.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lobit {
namespace {

/// Columns as wide as their widest entry.
std::string aligned(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      widths.resize(std::max(widths.size(), i + 1));
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const std::vector<std::string> &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string isaWord(const SectionInfo &section) {
  const IsaInfo *isa = findIsa(section.isa);
  return isa ? isa->word : section.type == SectionType::Code ? "unknown" : "";
}

std::string shapeText(const std::vector<uint64_t> &dims) {
  std::string text;
  for (uint64_t dim : dims)
    text += (text.empty() ? "" : "x") + (dim == kDynamicDim ? "rows" : std::to_string(dim));
  return text.empty() ? "scalar" : text;
}

std::string scaleText(const TensorInfo &tensor) {
  if (tensor.granularity == Granularity::None)
    return "";
  std::string text = granularityWord(tensor.granularity);
  if (tensor.groupSize)
    text += "=" + std::to_string(tensor.groupSize);
  return text + " " + scaleTypeWord(tensor.scaleType);
}

nlohmann::ordered_json valuesJson(const std::vector<ValueInfo> &values) {
  auto json = nlohmann::ordered_json::array();
  for (const ValueInfo &value : values) {
    auto dims = nlohmann::ordered_json::array();
    for (uint64_t dim : value.dims)
      dims.push_back(dim == kDynamicDim ? nlohmann::ordered_json() : nlohmann::ordered_json(dim));
    json.push_back({{"name", value.name}, {"type", dataTypeWord(value.type)}, {"dims", dims}});
  }
  return json;
}

nlohmann::ordered_json metadataJson(const Metadata &metadata) {
  const bool language = metadata.kind == ModelKind::LanguageModel;
  nlohmann::ordered_json json = {{"kind", language ? "language_model" : "function"},
                                 {"family", metadata.family},
                                 {"producer", metadata.producer},
                                 {"max_rows", metadata.maxRows},
                                 {"scratch_bytes", metadata.scratchBytes},
                                 {"state_bytes", metadata.stateBytes},
                                 {"inputs", valuesJson(metadata.inputs)},
                                 {"outputs", valuesJson(metadata.outputs)}};
  if (language)
    json.update({{"vocab", metadata.vocab},
                 {"hidden", metadata.hidden},
                 {"layers", metadata.layers},
                 {"heads", metadata.heads},
                 {"kv_heads", metadata.kvHeads},
                 {"head_dim", metadata.headDim},
                 {"intermediate", metadata.intermediate},
                 {"max_context", metadata.maxContext},
                 {"eos", metadata.eos}});
  if (metadata.bos != kNoToken)
    json["bos"] = metadata.bos;
  return json;
}

} // namespace

std::string modelText(const ArtifactView &artifact) {
  const Metadata &metadata = artifact.metadata();
  std::vector<std::vector<std::string>> rows = {
      {"format",
       std::to_string(artifact.header().major) + "." + std::to_string(artifact.header().minor)},
      {"root digest", hexText(artifact.header().rootDigest)},
      {"written by", metadata.producer},
      {"family", metadata.family}};
  if (metadata.kind == ModelKind::LanguageModel)
    rows.push_back({"model", std::to_string(metadata.layers) + " layers, hidden " +
                                 std::to_string(metadata.hidden) + ", vocab " +
                                 std::to_string(metadata.vocab) + ", context " +
                                 std::to_string(metadata.maxContext)});
  for (const ValueInfo &value : metadata.inputs)
    rows.push_back(
        {"input", value.name + ": " + dataTypeWord(value.type) + " " + shapeText(value.dims)});
  for (const ValueInfo &value : metadata.outputs)
    rows.push_back(
        {"output", value.name + ": " + dataTypeWord(value.type) + " " + shapeText(value.dims)});
  rows.push_back({"memory", std::to_string(metadata.scratchBytes) + " scratch + " +
                                std::to_string(metadata.stateBytes) + " state bytes a session"});
  return aligned(rows);
}

std::string sectionText(const ArtifactView &artifact) {
  std::vector<std::vector<std::string>> rows = {
      {"section", "offset", "bytes", "align", "target", "needs", "digest"}};
  for (const SectionInfo &section : artifact.sections())
    rows.push_back({sectionWord(section.type), std::to_string(section.offset),
                    std::to_string(section.size), std::to_string(1ull << section.log2Alignment),
                    isaWord(section), cpuFeatureWords(section.cpuFeatures),
                    hexText(section.digest.data(), 8)});
  return aligned(rows);
}

std::string tensorText(const ArtifactView &artifact) {
  std::vector<std::vector<std::string>> rows = {
      {"tensor", "shape", "scheme", "layout", "scales", "offset", "bytes", "scale bytes"}};
  for (const TensorInfo &tensor : artifact.tensors()) {
    if (tensor.aliasOf != kNotAnAlias) {
      rows.push_back({tensor.name, shapeText(tensor.dims),
                      "the bytes of " + artifact.tensors()[tensor.aliasOf].name});
      continue;
    }
    rows.push_back({tensor.name, shapeText(tensor.dims), schemeWord(tensor.scheme),
                    findLayout(tensor.layout)->word, scaleText(tensor),
                    std::to_string(tensor.dataOffset), std::to_string(tensor.dataBytes),
                    std::to_string(tensor.scaleBytes)});
  }
  return aligned(rows);
}

std::string artifactJson(const ArtifactView &artifact) {
  using Json = nlohmann::ordered_json;
  Json json = {{"format", {artifact.header().major, artifact.header().minor}},
               {"file_bytes", artifact.header().fileBytes},
               {"root_digest", hexText(artifact.header().rootDigest)},
               {"code_abi", artifact.header().codeAbi},
               {"metadata", metadataJson(artifact.metadata())},
               {"sections", Json::array()},
               {"tensors", Json::array()}};
  for (const SectionInfo &section : artifact.sections()) {
    Json entry = {{"type", sectionWord(section.type)},
                  {"offset", section.offset},
                  {"bytes", section.size},
                  {"alignment", 1ull << section.log2Alignment},
                  {"digest", hexText(section.digest)}};
    if (section.type == SectionType::Code)
      entry.update({{"isa", isaWord(section)},
                    {"arch", archWord(section.arch)},
                    {"cpu_features", cpuFeatureWords(section.cpuFeatures)}});
    json["sections"].push_back(entry);
  }
  for (const TensorInfo &tensor : artifact.tensors()) {
    Json entry = {{"name", tensor.name},
                  {"dims", tensor.dims},
                  {"scheme", schemeWord(tensor.scheme)},
                  {"layout", findLayout(tensor.layout)->word},
                  {"offset", tensor.dataOffset},
                  {"bytes", tensor.dataBytes}};
    if (tensor.scaleBytes)
      entry.update({{"granularity", granularityWord(tensor.granularity)},
                    {"group_size", tensor.groupSize},
                    {"scale_type", scaleTypeWord(tensor.scaleType)},
                    {"scale_offset", tensor.scaleOffset},
                    {"scale_bytes", tensor.scaleBytes}});
    if (tensor.aliasOf != kNotAnAlias)
      entry["alias_of"] = artifact.tensors()[tensor.aliasOf].name;
    json["tensors"].push_back(entry);
  }
  return json.dump(2) + "\n";
}

} // namespace lobit
