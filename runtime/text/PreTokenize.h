/// \file
/// Cuts text into the pieces inside which byte-pair merges happen.
#ifndef LOBIT_TEXT_PRE_TOKENIZE_H
#define LOBIT_TEXT_PRE_TOKENIZE_H

#include "runtime/format/TokenizerFormat.h"

namespace lobit {

/// The end of the piece that starts at `begin` < text.size(); the text is valid UTF-8.
/// Equals the first match of the regular expression in PreTokenizers.inc.
size_t pieceEnd(PreTokenizer kind, std::string_view text, size_t begin);

} // namespace lobit

#endif // LOBIT_TEXT_PRE_TOKENIZE_H
