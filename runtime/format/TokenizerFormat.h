/// \file
/// The tokenizer section of an artifact: a byte-level BPE tokenizer as fixed-width
/// little-endian arrays. The importer builds one, the runtime opens it.
///
/// Bytes: header (64), then token offsets u32[tokens + 1] into the byte pool, merges
/// {u32 left, right, result}[merges] in rank order, added tokens {u32 id, flags}[added],
/// end-of-sequence ids u32[eos], byte pool. Nothing follows.
/// Header u32 words: version, pre-tokenizer, normalizer, flags, tokens, merges, added,
/// eos, bos (0xFFFFFFFF: none), pool bytes, six zeros.
#ifndef LOBIT_FORMAT_TOKENIZER_FORMAT_H
#define LOBIT_FORMAT_TOKENIZER_FORMAT_H

#include "runtime/format/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lobit {

enum class PreTokenizer : uint32_t {
#define LOBIT_PRE_TOKENIZER(EnumName, id, word, regex) EnumName = id,
#include "runtime/format/PreTokenizers.inc"
};

enum class Normalizer : uint32_t { None = 0, Nfc = 1 };

struct PreTokenizerInfo {
  PreTokenizer kind;
  const char *word;
  const char *regex;
};
/// All known pre-tokenizers; `count` receives their number.
const PreTokenizerInfo *allPreTokenizers(unsigned &count);
/// By the exact regular expression of a tokenizer.json.
std::optional<PreTokenizer> findPreTokenizerByRegex(std::string_view regex);
const char *preTokenizerWord(PreTokenizer kind);

struct TokenizerMerge {
  uint32_t left, right, result;
};

/// A token that is matched in the text before any splitting.
struct AddedToken {
  uint32_t id;
  bool special; ///< control token: not part of the text it stands in
};

struct TokenizerData {
  PreTokenizer preTokenizer = PreTokenizer::Gpt2;
  Normalizer normalizer = Normalizer::None;
  bool addBos = false;
  /// A piece that is a token as a whole is emitted without merging (Llama 3).
  bool ignoreMerges = false;
  std::optional<uint32_t> bos;
  std::vector<uint32_t> eos;
  /// The raw bytes of each id (mapped back from the byte-level alphabet; added tokens
  /// as written). Empty: the id is not used.
  std::vector<std::string> tokens;
  std::vector<TokenizerMerge> merges; ///< rank = index
  std::vector<AddedToken> added;
};

/// The section's bytes. MALFORMED for anything TokenizerView would refuse.
Result<std::vector<uint8_t>> encodeTokenizer(const TokenizerData &data);

/// A validated tokenizer section. Borrows the bytes.
class TokenizerView {
public:
  static constexpr uint32_t kVersion = 1;
  static constexpr uint32_t kMaxTokens = 1u << 20;
  static constexpr uint32_t kMaxMerges = 1u << 21;
  static constexpr uint32_t kMaxAdded = 1u << 16;
  static constexpr uint32_t kMaxEos = 256;
  static constexpr uint32_t kMaxTokenBytes = 4096;

  /// Checks every count, range and id: afterwards no accessor can fail. Also checks
  /// that each merge's result spells left + right, that no pair is listed twice and
  /// that every byte that occurs in UTF-8 is a token.
  static Result<TokenizerView> open(const uint8_t *bytes, uint64_t size);

  PreTokenizer preTokenizer() const { return preTokenizer_; }
  Normalizer normalizer() const { return normalizer_; }
  bool addBos() const { return addBos_; }
  bool ignoreMerges() const { return ignoreMerges_; }
  std::optional<uint32_t> bos() const { return bos_; }

  uint32_t tokenCount() const { return tokenCount_; }
  uint32_t mergeCount() const { return mergeCount_; }
  uint32_t addedCount() const { return addedCount_; }
  uint32_t eosCount() const { return eosCount_; }
  /// Empty for an id that is not used or not in the vocabulary.
  std::string_view token(uint32_t id) const;
  TokenizerMerge merge(uint32_t rank) const;
  AddedToken added(uint32_t index) const;
  uint32_t eos(uint32_t index) const;

private:
  const uint8_t *offsets_ = nullptr;
  const uint8_t *merges_ = nullptr;
  const uint8_t *added_ = nullptr;
  const uint8_t *eos_ = nullptr;
  const uint8_t *pool_ = nullptr;
  uint32_t tokenCount_ = 0, mergeCount_ = 0, addedCount_ = 0, eosCount_ = 0;
  PreTokenizer preTokenizer_ = PreTokenizer::Gpt2;
  Normalizer normalizer_ = Normalizer::None;
  bool addBos_ = false, ignoreMerges_ = false;
  std::optional<uint32_t> bos_;
};

} // namespace lobit

#endif // LOBIT_FORMAT_TOKENIZER_FORMAT_H
