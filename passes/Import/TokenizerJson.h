/// \file
/// tokenizer.json (Hugging Face tokenizers) with a byte-level BPE model.
#ifndef LOBIT_PASSES_IMPORT_TOKENIZERJSON_H
#define LOBIT_PASSES_IMPORT_TOKENIZERJSON_H

#include "runtime/format/TokenizerFormat.h"

namespace lobit {

/// What config.json says about ids.
struct TokenizerLimits {
  uint32_t vocab = 0; ///< rows of the embedding table
  std::optional<uint32_t> bos;
  std::vector<uint32_t> eos;
};

/// `what` names the file in messages. Everything the runtime's tokenizer would not do
/// in the same way is refused.
Result<TokenizerData> parseTokenizerJson(std::string_view text, const TokenizerLimits &limits,
                                         const std::string &what);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_TOKENIZERJSON_H
