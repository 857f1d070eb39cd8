/// \file
/// The digest of a section: a SHA-256 tree over 1 MiB leaves.
///
///   leaf = H(00 || bytes), node = H(01 || left || right), digest = H(02 || u64 size || top)
///
/// The left part of a node holds the largest power of two of leaves that is smaller
/// than the leaves of the node. No bytes: one empty leaf.
#ifndef LOBIT_FORMAT_TREE_DIGEST_H
#define LOBIT_FORMAT_TREE_DIGEST_H

#include "runtime/format/ByteView.h"
#include "runtime/format/Sha256.h"

#include <vector>

namespace lobit {

class TreeDigest {
public:
  static constexpr uint64_t kLeafBytes = 1ull << 20;

  TreeDigest();
  void update(const uint8_t *bytes, uint64_t size);
  /// The object must not be used afterwards.
  Digest finish();

  static Digest of(ByteView bytes);

private:
  void endLeaf();

  Sha256 leaf_;
  uint64_t size_ = 0;
  /// Finished subtrees from left to right; entry i has 2^heights[i] leaves.
  std::vector<Digest> tops_;
  std::vector<unsigned> heights_;
};

} // namespace lobit

#endif // LOBIT_FORMAT_TREE_DIGEST_H
