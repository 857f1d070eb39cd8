/// \file
/// The quality gate: a limit for the error of each quantized layer.
#ifndef LOBIT_PASSES_QUANTIZE_GATE_H
#define LOBIT_PASSES_QUANTIZE_GATE_H

#include "passes/Quantize/Report.h"
#include "runtime/format/Status.h"

namespace lobit {

/// QUALITY_GATE, with the worst layers, when the error of a layer is above `report.gate`.
/// The error of a layer is that of its outputs where the report has it, else that of its
/// weights. Without a gate, and for layers whose error is not known, nothing is checked.
Status checkGate(const QuantizeReport &report);

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_GATE_H
