/// \file
/// The check of an artifact's weights (level full, docs/format.md), by as many threads
/// as help.
#ifndef LOBIT_LOAD_WEIGHT_CHECK_H
#define LOBIT_LOAD_WEIGHT_CHECK_H

#include "runtime/format/TreeDigest.h"
#include "runtime/format/WeightRules.h"
#include "runtime/platform/File.h"

#include <atomic>
#include <memory>

namespace lobit {

class WeightCheck {
public:
  /// Borrows both. `mapping` is what the artifact lies in, or null: its pages are brought
  /// in piece by piece. `name` begins what result() says; it may be empty.
  WeightCheck(const ArtifactView &artifact, const platform::Mapping *mapping, std::string name);

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
  const platform::Mapping *mapping_;
  const SectionInfo *section_;
  std::string name_;
  WeightRules rules_;
  uint64_t leafGroups_;
  std::vector<Digest> leaves_;
  std::vector<Status> pieces_;
  Status result_;
  std::atomic<uint64_t> next_{0}, done_{0};
  std::atomic<uint32_t> state_{Open};
};

} // namespace lobit

#endif // LOBIT_LOAD_WEIGHT_CHECK_H
