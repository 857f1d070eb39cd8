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
    // A full leaf ends only when more bytes follow, so the last leaf is never empty.
    if (size_ && size_ % kLeafBytes == 0)
      endLeaf();
    uint64_t take = std::min(size, kLeafBytes - size_ % kLeafBytes);
    leaf_.update(bytes, take);
    size_ += take;
    bytes += take;
    size -= take;
  }
}

void TreeDigest::endLeaf() {
  Digest top = leaf_.finish();
  unsigned height = 0;
  while (!heights_.empty() && heights_.back() == height) {
    top = node(tops_.back(), top);
    ++height;
    tops_.pop_back();
    heights_.pop_back();
  }
  tops_.push_back(top);
  heights_.push_back(height);
  leaf_ = startLeaf();
}

Digest TreeDigest::finish() {
  endLeaf();
  Digest top = tops_.back();
  for (size_t i = tops_.size() - 1; i > 0; --i)
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

} // namespace lobit
