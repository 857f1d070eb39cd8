/// \file
/// Byte-pair merging of one piece of text.
#ifndef LOBIT_TEXT_MERGER_H
#define LOBIT_TEXT_MERGER_H

#include "runtime/format/TokenizerFormat.h"

namespace lobit {

/// Immutable after creation; the view's bytes must outlive it.
class Merger {
public:
  Merger() = default;
  explicit Merger(const TokenizerView &view);

  struct Symbol {
    uint32_t id;
    uint32_t previous, next; ///< indices, kNone at the ends
  };
  struct Candidate {
    uint32_t rank, position; ///< position of the left symbol
    uint32_t left, right;    ///< ids it was made for; a candidate whose symbols changed is stale
  };
  /// Reused between pieces.
  struct Workspace {
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
  };

  /// Appends the ids of `piece` (shorter than 2^32 bytes): the pair of lowest rank is
  /// merged first, leftmost first among equals. O(n log n).
  void encode(std::string_view piece, Workspace &workspace, std::vector<uint32_t> &ids) const;

private:
  static constexpr uint32_t kNone = 0xFFFFFFFFu;

  uint32_t rankOf(uint32_t left, uint32_t right) const;
  uint32_t wholeToken(std::string_view piece) const;
  void push(Workspace &workspace, uint32_t position) const;

  TokenizerView view_;
  uint32_t byteIds_[256];
  std::vector<uint32_t> pairs_;  ///< open-addressed: rank of a merge, kNone when empty
  std::vector<uint32_t> tokens_; ///< open-addressed ids; only for ignoreMerges
};

} // namespace lobit

#endif // LOBIT_TEXT_MERGER_H
