/// \file
/// Whole models: prompts (pp) and texts (tg).
#ifndef LOBIT_TOOLS_QUANT_BENCH_MODELBENCH_H
#define LOBIT_TOOLS_QUANT_BENCH_MODELBENCH_H

#include "tools/quant-bench/Options.h"
#include "tools/quant-bench/Report.h"

namespace lobit {

/// How quickly a model is ready, and what it takes.
struct ModelFacts {
  double openSeconds = 0, codeSeconds = 0, sessionSeconds = 0;
  /// The first evaluation, of one token: it checks the weights.
  double firstTokenSeconds = 0;
  uint64_t fileBytes = 0, cacheBytes = 0;
  /// What the process grew by while the model was run.
  uint64_t residentBytes = 0;
};

/// Without --isa: the code that the model chooses here, so that the limits are measured for it.
Status chooseModelIsa(BenchOptions &options);
Status benchModel(const BenchOptions &options, Roofline &roofline, std::vector<BenchRow> &rows,
                  ModelFacts &facts);
std::string textReport(const ModelFacts &facts);
nlohmann::json jsonReport(const ModelFacts &facts);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_MODELBENCH_H
