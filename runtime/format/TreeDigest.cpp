#include "runtime/format/TreeDigest.h"

#include <algorithm>

namespace lobit {
namespace {

Sha256 startLeaf() {
  Sha256 hash;
  const uint8_t prefix = 0;
  hash.update(&prefix, 1);
  return hash;
}

Digest node(const Digest &left, const Digest &right) {
  Sha256 hash;
  const uint8_t prefix = 1;
  hash.update(&prefix, 1);
  hash.update(left.data(), left.size());
  hash.update(right.data(), right.size());
  return hash.finish();
}

} // namespace

TreeDigest::TreeDigest() : leaf_(startLeaf()) {}

void TreeDigest::update(const uint8_t *bytes, uint64_t size) {
  while (size) {
    const uint64_t inLeaf = size_ % kLeafBytes;
    uint64_t take = std::min(size, kLeafBytes - inLeaf);
    if (inLeaf == 0 && size >= kGroup * kLeafBytes) {
      take = kGroup * kLeafBytes;
      Digest leaves[kGroup];
      hashLeaves({bytes, take}, 0, leaves);
      for (const Digest &leaf : leaves)
        push(leaf);
    } else {
      leaf_.update(bytes, take);
      if (inLeaf + take == kLeafBytes) {
        push(leaf_.finish());
        leaf_ = startLeaf();
      }
    }
    size_ += take;
    bytes += take;
    size -= take;
  }
}

void TreeDigest::push(const Digest &leaf) {
  Digest top = leaf;
  uint8_t height = 0;
  while (subtrees_ != 0 && heights_[subtrees_ - 1] == height) {
    top = node(tops_[--subtrees_], top);
    ++height;
  }
  tops_[subtrees_] = top;
  heights_[subtrees_++] = height;
}

Digest TreeDigest::finish() {
  if (size_ % kLeafBytes != 0 || size_ == 0)
    push(leaf_.finish());
  return finishTree();
}

Digest TreeDigest::finishTree() const {
  Digest top = tops_[subtrees_ - 1];
  for (unsigned i = subtrees_ - 1; i > 0; --i)
    top = node(tops_[i - 1], top);
  uint8_t prefix[9] = {2};
  storeU64(prefix + 1, size_);
  Sha256 hash;
  hash.update(prefix, sizeof prefix);
  hash.update(top.data(), top.size());
  return hash.finish();
}

Digest TreeDigest::of(ByteView bytes) {
  TreeDigest digest;
  digest.update(bytes.data, bytes.size);
  return digest.finish();
}

void TreeDigest::hashLeaves(ByteView content, uint64_t first, Digest *digests) {
  const uint64_t begin = first * kLeafBytes;
  if (content.size - begin >= kGroup * kLeafBytes) {
    Sha256 leaves[kGroup];
    const uint8_t *bytes[kGroup];
    for (uint64_t i = 0; i < kGroup; ++i) {
      leaves[i] = startLeaf();
      bytes[i] = content.data + begin + i * kLeafBytes;
    }
    Sha256::updateLanes(leaves, bytes, kLeafBytes);
    for (uint64_t i = 0; i < kGroup; ++i)
      digests[first + i] = leaves[i].finish();
    return;
  }
  const uint64_t end = std::min(first + kGroup, leafCount(content.size));
  for (uint64_t i = first; i < end; ++i) {
    Sha256 leaf = startLeaf();
    leaf.update(content.data + i * kLeafBytes, std::min(kLeafBytes, content.size - i * kLeafBytes));
    digests[i] = leaf.finish();
  }
}

Digest TreeDigest::ofLeaves(const std::vector<Digest> &leaves, uint64_t size) {
  TreeDigest digest;
  for (const Digest &leaf : leaves)
    digest.push(leaf);
  digest.size_ = size;
  return digest.finishTree();
}

} // namespace lobit
