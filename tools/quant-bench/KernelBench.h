/// \file
/// Single linear layers: shape x tokens x threads x ISA x form.
#ifndef LOBIT_TOOLS_QUANT_BENCH_KERNELBENCH_H
#define LOBIT_TOOLS_QUANT_BENCH_KERNELBENCH_H

#include "tools/quant-bench/Options.h"
#include "tools/quant-bench/Report.h"

namespace lobit {

Status benchKernels(const BenchOptions &options, Roofline &roofline, std::vector<BenchRow> &rows);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_KERNELBENCH_H
