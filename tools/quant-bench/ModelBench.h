/// \file
/// Whole models: prompts (pp) and texts (tg).
#ifndef LOBIT_TOOLS_QUANT_BENCH_MODELBENCH_H
#define LOBIT_TOOLS_QUANT_BENCH_MODELBENCH_H

#include "tools/quant-bench/Options.h"
#include "tools/quant-bench/Report.h"

namespace lobit {

Status benchModel(const BenchOptions &options, Roofline &roofline, std::vector<BenchRow> &rows);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_MODELBENCH_H
