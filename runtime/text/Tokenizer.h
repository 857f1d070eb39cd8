/// \file
/// Text to token ids and back.
#ifndef LOBIT_TEXT_TOKENIZER_H
#define LOBIT_TEXT_TOKENIZER_H

#include "runtime/text/Merger.h"

namespace lobit {

/// Immutable after creation, shared by threads; the view's bytes must outlive it.
class Tokenizer {
public:
  Tokenizer() = default;
  explicit Tokenizer(const TokenizerView &view);

  const TokenizerView &view() const { return view_; }

  struct Options {
    bool addBos = false;
    /// Whether control tokens written in the text become those tokens.
    bool parseSpecial = false;
  };
  /// Appends the ids of `text`. INVALID_TEXT with the position unless it is valid UTF-8.
  Status encode(std::string_view text, const Options &options, std::vector<uint32_t> &ids) const;

  /// The bytes an id stands for in text: none for control tokens and unknown ids.
  std::string_view textBytes(uint32_t id) const;
  bool isSpecial(uint32_t id) const;
  bool isEndOfSequence(uint32_t id) const;

private:
  void encodePlain(std::string_view text, Merger::Workspace &workspace,
                   std::vector<uint32_t> &ids) const;

  TokenizerView view_;
  Merger merger_;
  /// Indices of added tokens by first byte, the longest first: the run of byte b is
  /// [addedStart_[b], addedStart_[b + 1]).
  std::vector<uint32_t> added_;
  uint32_t addedStart_[257] = {};
  std::vector<bool> special_;
};

/// Joins token bytes into text, holding back the bytes of an unfinished character.
class Detokenizer {
public:
  /// Appends to `text` what became complete; bytes that can never be UTF-8 become
  /// U+FFFD, one for each maximal subpart.
  void append(std::string_view bytes, std::string &text);
  /// Ends the text: an unfinished character becomes U+FFFD.
  void finish(std::string &text);

private:
  char pending_[4];
  uint32_t pendingSize_ = 0;
};

} // namespace lobit

#endif // LOBIT_TEXT_TOKENIZER_H
