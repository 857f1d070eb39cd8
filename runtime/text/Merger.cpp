#include "runtime/text/Merger.h"

#include <algorithm>

namespace lobit {

static uint32_t hashPair(uint32_t left, uint32_t right) {
  uint64_t h = (uint64_t(left) << 32 | right) * 0x9E3779B97F4A7C15ull;
  return uint32_t(h >> 32);
}

static uint32_t hashBytes(std::string_view bytes) {
  uint64_t h = 0xCBF29CE484222325ull; // FNV-1a
  for (char c : bytes)
    h = (h ^ uint8_t(c)) * 0x100000001B3ull;
  return uint32_t(h >> 32 ^ h);
}

/// A power of two, at most half full with `count` entries.
static size_t tableSize(size_t count) {
  size_t size = 16;
  while (size < 2 * count)
    size *= 2;
  return size;
}

Merger::Merger(const TokenizerView &view) : view_(view) {
  std::fill(std::begin(byteIds_), std::end(byteIds_), kNone);
  std::vector<bool> added(view.tokenCount(), false);
  for (uint32_t i = 0; i < view.addedCount(); ++i)
    added[view.added(i).id] = true;
  for (uint32_t id = view.tokenCount(); id-- > 0;)
    if (std::string_view token = view.token(id); token.size() == 1 && !added[id])
      byteIds_[uint8_t(token[0])] = id;

  pairs_.assign(tableSize(view.mergeCount()), kNone);
  for (uint32_t rank = 0; rank < view.mergeCount(); ++rank) {
    TokenizerMerge merge = view.merge(rank);
    size_t slot = hashPair(merge.left, merge.right) & (pairs_.size() - 1);
    while (pairs_[slot] != kNone)
      slot = (slot + 1) & (pairs_.size() - 1);
    pairs_[slot] = rank;
  }
  if (!view.ignoreMerges())
    return;
  tokens_.assign(tableSize(view.tokenCount()), kNone);
  for (uint32_t id = 0; id < view.tokenCount(); ++id) {
    if (added[id] || view.token(id).empty())
      continue;
    size_t slot = hashBytes(view.token(id)) & (tokens_.size() - 1);
    while (tokens_[slot] != kNone)
      slot = (slot + 1) & (tokens_.size() - 1);
    tokens_[slot] = id;
  }
}

uint32_t Merger::rankOf(uint32_t left, uint32_t right) const {
  for (size_t slot = hashPair(left, right) & (pairs_.size() - 1); pairs_[slot] != kNone;
       slot = (slot + 1) & (pairs_.size() - 1)) {
    TokenizerMerge merge = view_.merge(pairs_[slot]);
    if (merge.left == left && merge.right == right)
      return pairs_[slot];
  }
  return kNone;
}

uint32_t Merger::wholeToken(std::string_view piece) const {
  if (tokens_.empty())
    return kNone;
  for (size_t slot = hashBytes(piece) & (tokens_.size() - 1); tokens_[slot] != kNone;
       slot = (slot + 1) & (tokens_.size() - 1))
    if (view_.token(tokens_[slot]) == piece)
      return tokens_[slot];
  return kNone;
}

static bool later(const Merger::Candidate &a, const Merger::Candidate &b) {
  return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
}

void Merger::push(Workspace &workspace, uint32_t position) const {
  const Symbol &symbol = workspace.symbols[position];
  if (symbol.next == kNone)
    return;
  uint32_t right = workspace.symbols[symbol.next].id;
  uint32_t rank = rankOf(symbol.id, right);
  if (rank == kNone)
    return;
  workspace.heap.push_back({rank, position, symbol.id, right});
  std::push_heap(workspace.heap.begin(), workspace.heap.end(), later);
}

void Merger::encode(std::string_view piece, Workspace &workspace,
                    std::vector<uint32_t> &ids) const {
  if (uint32_t id = wholeToken(piece); id != kNone)
    return ids.push_back(id);
  std::vector<Symbol> &symbols = workspace.symbols;
  std::vector<Candidate> &heap = workspace.heap;
  symbols.clear();
  heap.clear();
  uint32_t size = uint32_t(piece.size());
  for (uint32_t i = 0; i < size; ++i)
    symbols.push_back(
        {byteIds_[uint8_t(piece[i])], i == 0 ? kNone : i - 1, i + 1 == size ? kNone : i + 1});
  for (uint32_t i = 0; i < size; ++i)
    push(workspace, i);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    Candidate best = heap.back();
    heap.pop_back();
    Symbol &left = symbols[best.position];
    if (left.id != best.left || left.next == kNone || symbols[left.next].id != best.right)
      continue;
    uint32_t removed = left.next;
    left.id = view_.merge(best.rank).result;
    left.next = symbols[removed].next;
    symbols[removed].id = kNone; // no candidate is made for it
    if (left.next != kNone)
      symbols[left.next].previous = best.position;
    push(workspace, best.position);
    if (left.previous != kNone)
      push(workspace, left.previous);
  }
  for (uint32_t i = 0; i != kNone && size != 0; i = symbols[i].next)
    ids.push_back(symbols[i].id);
}

} // namespace lobit
