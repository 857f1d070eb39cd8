/// \file
/// What was written, for people and for scripts.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_SUMMARY_H
#define LOBIT_TOOLS_QUANT_COMPILE_SUMMARY_H

#include "runtime/format/ArtifactWriter.h"

namespace lobit {

struct Summary {
  uint64_t fileBytes = 0, weightBytes = 0, scratchBytes = 0, stateBytes = 0;
  uint64_t tensors = 0;
  struct Variant {
    std::string isa;
    uint64_t codeBytes = 0;
    uint64_t operations = 0;
  };
  std::vector<Variant> variants;
};

Summary summarize(const ArtifactContent &content);
std::string summaryText(const Summary &summary, const std::string &path);
std::string summaryJson(const Summary &summary, const std::string &path);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_SUMMARY_H
