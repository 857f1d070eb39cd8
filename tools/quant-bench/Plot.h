/// \file
/// The roofline and the results as a picture.
#ifndef LOBIT_TOOLS_QUANT_BENCH_PLOT_H
#define LOBIT_TOOLS_QUANT_BENCH_PLOT_H

#include "tools/quant-bench/Report.h"

namespace lobit {

/// An SVG with both axes logarithmic: multiplications per byte read, and GMAC/s. Results
/// that read nothing from memory stand at the right edge.
std::string rooflinePlot(const MachineFacts &machine, const Roofline &roofline,
                         const std::vector<BenchRow> &rows);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_PLOT_H
