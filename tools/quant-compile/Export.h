/// \file
/// --emit=int6-safetensors: a checkpoint directory with int6 layers.
#ifndef LOBIT_TOOLS_QUANT_COMPILE_EXPORT_H
#define LOBIT_TOOLS_QUANT_COMPILE_EXPORT_H

#include "passes/Emit/Int6Checkpoint.h"
#include "passes/Import/Import.h"

namespace lobit {

/// Writes `directory`/model.safetensors, the weights of the quantized model, and copies
/// config.json, the tokenizer's files and generation_config.json of `modelDirectory`
/// beside it. An existing `directory` is used; its other files stay.
Status exportInt6(const ImportedModel &model, const std::string &modelDirectory,
                  const std::string &directory, const EvaluateOptions &options,
                  const ExportProgress &progress);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_COMPILE_EXPORT_H
