// In which order the steps of a function run, where the barriers stand, which steps share a
// loop, and where the buffers lie.
#include "passes/Lower/BufferPlan.h"
#include "passes/Lower/FunctionLowering.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace lobit {

/// Steps that need no barrier come first, so that one barrier serves as many steps as possible.
/// Calls stay where they are.
void FunctionLowering::order() {
  SmallVector<unsigned> before(steps.size()); // steps that have to come first
  SmallVector<SmallVector<unsigned>> after(steps.size());
  for (unsigned later = 0; later < steps.size(); ++later)
    for (unsigned earlier = 0; earlier < later; ++earlier)
      if (steps[earlier].isCall || steps[later].isCall || touches(steps[earlier], steps[later])) {
        after[earlier].push_back(later);
        ++before[later];
      }
  std::vector<Step> ordered;
  SmallVector<const Step *> pending;
  SmallVector<unsigned> left = llvm::to_vector(llvm::seq<unsigned>(0, steps.size()));
  while (!left.empty()) {
    auto next = llvm::find_if(left, [&](unsigned i) {
      return before[i] == 0 && !steps[i].isCall && !mustWait(steps[i], pending);
    });
    if (next == left.end()) {
      pending.clear();
      next = llvm::find_if(left, [&](unsigned i) { return before[i] == 0; });
    }
    for (unsigned later : after[*next])
      --before[later];
    ordered.push_back(steps[*next]);
    if (!steps[*next].isCall)
      pending.push_back(&steps[*next]);
    left.erase(next);
  }
  steps = std::move(ordered);
}

void FunctionLowering::schedule() {
  SmallVector<const Step *> pending;
  int64_t epoch = 0;
  for (Step &step : steps) {
    step.waits = step.isCall ? !pending.empty() : mustWait(step, pending);
    if (step.waits) {
      pending.clear();
      ++epoch;
    }
    step.epoch = epoch;
    // A callee ends with a barrier.
    if (step.isCall)
      ++epoch;
    else
      pending.push_back(&step);
  }
  waitsAtEnd = !isEntry && !pending.empty();
}

bool FunctionLowering::overlaps(BufferId a, BufferId b) const {
  const Buffer &x = buffers[a], &y = buffers[b];
  if (a == b || !x.section || !y.section || x.section == uk::Section::Scratch)
    return a == b;
  return x.section == y.section && x.argument == y.argument && x.offset < y.offset + y.bytes &&
         y.offset < x.offset + x.bytes;
}

/// Whether one of them writes what the other one reads or writes.
bool FunctionLowering::touches(const Step &earlier, const Step &later) const {
  auto touch = [&](ArrayRef<BufferId> some, ArrayRef<BufferId> others) {
    return llvm::any_of(some, [&](BufferId a) {
      return llvm::any_of(others, [&](BufferId b) { return overlaps(a, b); });
    });
  };
  return touch(earlier.writes, later.reads) || touch(earlier.writes, later.writes) ||
         touch(earlier.reads, later.writes);
}

bool FunctionLowering::mustWait(const Step &step, ArrayRef<const Step *> pending) const {
  return llvm::any_of(pending, [&](const Step *earlier) {
    if (earlier->isSerial && step.isSerial)
      return false;
    // The same rows have the same shares.
    if (earlier->byRow && earlier->byRow == step.byRow)
      return false;
    if (earlier->byColumn && earlier->byColumn == step.byColumn)
      return false;
    return touches(*earlier, step);
  });
}

/// Behind the last of the steps from `first` on that share a loop over rows or columns.
size_t FunctionLowering::loopEnd(size_t first) const {
  const Step &step = steps[first];
  size_t end = first + 1;
  while ((step.byRow || step.byColumn) && end < steps.size() && !steps[end].waits &&
         steps[end].byRow == step.byRow && steps[end].byColumn == step.byColumn)
    ++end;
  return end;
}

void FunctionLowering::shareRows() {
  constexpr size_t several = -1;
  llvm::DenseMap<BufferId, size_t> loopOf;
  for (size_t first = 0, end; first < steps.size(); first = end) {
    end = loopEnd(first);
    for (const Step &step : ArrayRef(steps).slice(first, end - first))
      for (const auto *list : {&step.reads, &step.writes})
        for (BufferId id : *list) {
          bool stays = buffers[id].section == uk::Section::Scratch && hidden != id && step.byRow;
          auto [it, isNew] = loopOf.try_emplace(id, first);
          if (!stays || it->second != first)
            it->second = several;
        }
  }
  for (auto [id, loop] : loopOf)
    if (loop != several)
      oneRow.insert(id);
}

/// Lives are counted in epochs, the times between two barriers: memory is reused across a
/// barrier alone, so that reuse never needs a barrier of its own.
void FunctionLowering::plan() {
  SmallVector<PlannedBuffer> planned;
  SmallVector<BufferId> ids;
  llvm::DenseMap<BufferId, unsigned> indexOf;
  for (const Step &step : steps)
    for (const auto *list : {&step.reads, &step.writes})
      for (BufferId id : *list) {
        if (buffers[id].section != uk::Section::Scratch)
          continue;
        auto [it, isNew] = indexOf.try_emplace(id, planned.size());
        if (isNew) {
          planned.push_back({buffers[id].bytes, step.epoch, step.epoch, 0});
          ids.push_back(id);
        }
        planned[it->second].last = step.epoch;
      }
  if (hidden) // the caller may read it afterwards
    planned[indexOf.at(*hidden)].last = steps.back().epoch;
  ownScratch = planBuffers(planned);
  for (auto [id, place] : llvm::zip(ids, planned))
    buffers[id].offset = place.offset;
}

} // namespace lobit
