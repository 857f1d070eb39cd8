/// \file
/// The check of an artifact's weights (level full, docs/format.md), by as many threads
/// as help.
#ifndef LOBIT_LOAD_WEIGHT_CHECK_H
#define LOBIT_LOAD_WEIGHT_CHECK_H

#include "runtime/format/TreeDigest.h"
#include "runtime/format/WeightRules.h"

#include <atomic>
#include <functional>

namespace lobit {

class WeightCheck {
public:
  /// Brings bytes of the file into the memory of the artifact; called by any thread, piece
  /// by piece, before they are looked at.
  using Bring = std::function<Status(uint64_t offset, uint64_t size)>;

  /// Borrows the artifact. `bring` may be empty. `name` begins what result() says; it may be
  /// empty, too.
  WeightCheck(const ArtifactView &artifact, Bring bring, std::string name);

  /// Checks pieces until none is left. Any number of threads may call it, once or again.
  void work();
  /// work() by this thread and others of the process, one for each CPU.
  void workOnAllCpus();
  /// Waits until all pieces are done; what is wrong.
  const Status &result();
  /// Whether all is done and nothing is wrong.
  bool passed() const { return state_.load(std::memory_order_acquire) == Passed; }

private:
  enum State : uint32_t { Open, Passed, Failed };

  Status checkLeaves(uint64_t group);
  void finish();
  uint64_t pieceCount() const { return leafGroups_ + rules_.count(); }

  const ArtifactView *artifact_;
  Bring bring_;
  const SectionInfo *section_;
  std::string name_;
  WeightRules rules_;
  uint64_t leafGroups_;
  std::vector<Digest> leaves_;
  std::vector<Status> pieces_;
  Status result_;
  std::atomic<uint64_t> next_{0}, done_{0};
  std::atomic<uint32_t> groupsLeft_; ///< of leaves that are not done
  std::atomic<uint32_t> state_{Open};
};

} // namespace lobit

#endif // LOBIT_LOAD_WEIGHT_CHECK_H
