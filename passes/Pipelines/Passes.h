/// \file
/// The pipelines of quant-opt.
#ifndef LOBIT_PASSES_PIPELINES_PASSES_H
#define LOBIT_PASSES_PIPELINES_PASSES_H

namespace lobit {

/// Registers lobit-pipeline.
void registerPipelinesPasses();

} // namespace lobit

#endif // LOBIT_PASSES_PIPELINES_PASSES_H
