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

  /// Leaves that are hashed together.
  static constexpr uint64_t kGroup = Sha256::kLanes;
  static uint64_t leafCount(uint64_t size) {
    return size ? (size + kLeafBytes - 1) / kLeafBytes : 1;
  }
  /// The digests of the leaves of `content` from `first` on, at most kGroup, into
  /// digests[first] and up. For threads that share the work; then ofLeaves.
  static void hashLeaves(ByteView content, uint64_t first, Digest *digests);
  static Digest ofLeaves(const std::vector<Digest> &leaves, uint64_t size);

private:
  void push(const Digest &leaf);
  /// When all leaves have been pushed.
  Digest finishTree() const;

  Sha256 leaf_;
  uint64_t size_ = 0;
  /// Finished subtrees from left to right; entry i has 2^heights[i] leaves. Heights
  /// fall from left to right, so that there are fewer than 64.
  Digest tops_[64];
  uint8_t heights_[64];
  unsigned subtrees_ = 0;
};

} // namespace lobit

#endif // LOBIT_FORMAT_TREE_DIGEST_H
