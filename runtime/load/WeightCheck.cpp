#include "runtime/load/WeightCheck.h"
#include "runtime/platform/Thread.h"

#include <algorithm>

namespace lobit {

/// Threads are not worth starting for less.
static constexpr uint64_t kBytesPerThread = 8 << 20;

static const SectionInfo *weightSection(const ArtifactView &artifact) {
  return &*std::find_if(
      artifact.sections().begin(), artifact.sections().end(),
      [](const SectionInfo &section) { return section.type == SectionType::Weights; });
}

WeightCheck::WeightCheck(const ArtifactView &artifact, Bring bring, std::string name)
    : artifact_(&artifact), bring_(std::move(bring)), section_(weightSection(artifact)),
      name_(std::move(name)), rules_(artifact) {
  const uint64_t leaves = TreeDigest::leafCount(artifact.weights().size);
  leafGroups_ = (leaves + TreeDigest::kGroup - 1) / TreeDigest::kGroup;
  groupsLeft_ = uint32_t(leafGroups_); // a group has 4 MiB, the file less than 2^54 bytes
  leaves_.resize(leaves);
  pieces_.resize(pieceCount());
}

Status WeightCheck::checkLeaves(uint64_t group) {
  constexpr uint64_t groupBytes = TreeDigest::kGroup * TreeDigest::kLeafBytes;
  const ByteView weights = artifact_->weights();
  const uint64_t begin = group * groupBytes;
  if (bring_)
    if (Status status =
            bring_(section_->offset + begin, std::min(groupBytes, weights.size - begin));
        !status.ok())
      return status;
  TreeDigest::hashLeaves(weights, group * TreeDigest::kGroup, leaves_.data());
  return Status();
}

void WeightCheck::work() {
  const uint64_t count = pieceCount();
  for (uint64_t piece; (piece = next_.fetch_add(1)) < count;) {
    if (piece < leafGroups_) {
      pieces_[piece] = checkLeaves(piece);
      if (groupsLeft_.fetch_sub(1) == 1)
        platform::wakeAll(groupsLeft_);
    } else {
      // All bytes are there then.
      for (uint32_t left; (left = groupsLeft_.load(std::memory_order_acquire)) != 0;)
        platform::waitWhileEqual(groupsLeft_, left);
      pieces_[piece] = rules_.check(piece - leafGroups_);
    }
    if (done_.fetch_add(1) + 1 == count)
      finish();
  }
}

/// The digest comes before the rules: content that differs is what it is about.
void WeightCheck::finish() {
  auto firstFailure = [&](uint64_t begin, uint64_t end) {
    for (uint64_t piece = begin; piece < end; ++piece)
      if (!pieces_[piece].ok())
        return pieces_[piece];
    return Status();
  };
  result_ = firstFailure(0, leafGroups_);
  if (result_.ok())
    result_ = artifact_->digestStatus(*section_,
                                      TreeDigest::ofLeaves(leaves_, artifact_->weights().size));
  if (result_.ok())
    result_ = firstFailure(leafGroups_, pieceCount());
  bring_ = nullptr;
  const bool passed = result_.ok();
  if (!passed && !name_.empty())
    result_ = std::move(result_).withContext(name_);
  state_.store(passed ? Passed : Failed);
  platform::wakeAll(state_);
}

void WeightCheck::workOnAllCpus() {
  const uint64_t threads = std::min<uint64_t>(platform::availableCpus(),
                                              1 + artifact_->weights().size / kBytesPerThread);
  std::vector<platform::Thread> helpers;
  while (helpers.size() + 1 < threads) {
    Result<platform::Thread> helper = platform::Thread::start(
        [](void *check) { static_cast<WeightCheck *>(check)->work(); }, this);
    if (!helper.ok())
      break; // it goes on with fewer
    helpers.push_back(std::move(helper).value());
  }
  work();
}

const Status &WeightCheck::result() {
  while (state_.load(std::memory_order_acquire) == Open)
    platform::waitWhileEqual(state_, Open);
  return result_;
}

} // namespace lobit
