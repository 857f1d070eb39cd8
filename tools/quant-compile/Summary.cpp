#include "tools/quant-compile/Summary.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace lobit {

static std::string megabytes(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f MB", double(bytes) / 1e6);
  return text;
}

Summary summarize(const ArtifactContent &content) {
  Summary summary;
  summary.scratchBytes = content.metadata.scratchBytes;
  summary.stateBytes = content.metadata.stateBytes;
  for (const TensorInfo &tensor : content.tensors) {
    summary.tensors += tensor.aliasOf == kNotAnAlias;
    summary.weightBytes = std::max({summary.weightBytes, tensor.dataOffset + tensor.dataBytes,
                                    tensor.scaleOffset + tensor.scaleBytes});
  }
  for (const ArtifactContent::Code &code : content.code)
    summary.variants.push_back(
        {findIsa(code.isa)->word, code.object.size(), code.operations.size()});
  return summary;
}

std::string summaryText(const Summary &summary, const std::string &path) {
  std::string text = path + ": " + megabytes(summary.fileBytes) + ", " +
                     std::to_string(summary.tensors) + " tensors in " +
                     megabytes(summary.weightBytes) + "\n  code:";
  for (const Summary::Variant &variant : summary.variants)
    text += (&variant == summary.variants.data() ? " " : ", ") + variant.isa + " " +
            megabytes(variant.codeBytes);
  text += "\n  memory of a session: " + megabytes(summary.scratchBytes) + " scratch, " +
          megabytes(summary.stateBytes) + " KV cache\n";
  return text;
}

std::string summaryJson(const Summary &summary, const std::string &path) {
  nlohmann::ordered_json json = {{"path", path},
                                 {"file_bytes", summary.fileBytes},
                                 {"weight_bytes", summary.weightBytes},
                                 {"tensors", summary.tensors},
                                 {"scratch_bytes", summary.scratchBytes},
                                 {"state_bytes", summary.stateBytes},
                                 {"code", nlohmann::ordered_json::array()}};
  for (const Summary::Variant &variant : summary.variants)
    json["code"].push_back(
        {{"isa", variant.isa}, {"bytes", variant.codeBytes}, {"operations", variant.operations}});
  return json.dump(2);
}

} // namespace lobit
