/// \file
/// Generated code to measure: single linear layers, and the loop whose speed is the peak
/// of an ISA.
#ifndef LOBIT_TOOLS_QUANT_BENCH_BENCHCODE_H
#define LOBIT_TOOLS_QUANT_BENCH_BENCHCODE_H

#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include <string>
#include <vector>

namespace lobit {

/// One linear layer, y = x W^T, [out, in], with the scales that models use most: one for
/// a ternary tensor, one for each row otherwise.
struct LinearCase {
  Layout layout = Layout::T2Dot;
  Scheme scheme = Scheme::Ternary;
  uint64_t out = 0, in = 0;
};

struct BenchCode {
  /// A shared object; functions[1 + i] of its table is case i, with inputs x, weights,
  /// scales and output y.
  std::string image;
  uint64_t maxRows = 0;
  uint64_t scratchBytes = 0;
  std::vector<uint64_t> weightBytes, scaleCounts; ///< of each case
};

/// The kernels the compiler makes for `isa`, by the compiler's own passes. The cases differ
/// from each other.
Result<BenchCode> generateLinears(const std::vector<LinearCase> &cases, Isa isa, uint64_t maxRows);

/// functions[0]: `rows` times a tile of int8 dot products with all operands in the first
/// level cache, inputs[0] and inputs[1] of 4096 bytes, outputs[0] of 64 bytes.
struct PeakCode {
  std::string image;
  uint64_t macsPerRow = 0;
};
Result<PeakCode> generatePeak(Isa isa);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_BENCH_BENCHCODE_H
