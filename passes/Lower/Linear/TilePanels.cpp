// Many tokens: columns are unpacked into a panel once for all of them.
#include "passes/Lower/Linear/TileKernel.h"

#include "dialects/UKernel/UKernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <numeric>

using namespace mlir;

namespace lobit {
namespace {

/// Most steps of unpacked weights kept at once, 512 bytes each.
constexpr int64_t maxPanelSteps = 48;
/// Tokens of the tile that unpacks a panel.
constexpr int64_t unpackingTokens = 8;
/// Most quads of columns of a panel that is multiplied in memory, 128 bytes each, and what its
/// quads are a multiple of where there are as many.
constexpr int64_t maxMemoryQuads = 128, memoryQuads = 16;

} // namespace

bool TileKernel::usesPanel() const {
  return planes > 1 && form.form == Form::Quads && form.rowsN == blockRows && chunk > form.tokens &&
         form.tokens + 1 < form.leastPanelTokens;
}

int64_t TileKernel::stepsOfPanel() const {
  int64_t most = multipliesInMemory() ? maxMemoryQuads / planes : maxPanelSteps;
  int64_t share = ceilDiv(steps, ceilDiv(steps, most));
  return multipliesInMemory() ? roundUp(share, memoryQuads / std::gcd(memoryQuads, planes)) : share;
}

void TileKernel::panelTiles(Value block, Value token, Value count, Value begin, Value end,
                            Finish finish) {
  clearSums(b.add(count, 1));
  b.loop(begin, end, panelSteps, [&](Value from) {
    Value to = b.min(b.add(from, panelSteps), end);
    Value isLast = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, to, end);
    auto finishLast = [&](Value first, Value behind) {
      b.when(isLast, [&] { finish(first, behind); });
    };
    Finish behind = finish ? Finish(finishLast) : Finish(nullptr);
    unpackingTile(block, token, from, to);
    if (behind)
      behind(b.index(0), b.index(unpackingTokens));
    Value quads = b.mul(b.create<arith::SubIOp>(to, from), planes);
    // Tokens for each quad, in 16 bits of fraction.
    Value pace = b.create<arith::DivUIOp>(b.index(1 << 16), quads);
    pace = b.create<arith::SelectOp>(isLast, pace, b.index(0));
    // The smallest tile is what the first one leaves, or the second half of one token
    // more than a full tile.
    int64_t overflow = form.tokens + 1;
    int64_t least = overflow - std::max(unpackingTokens, evenTile(ceilDiv(overflow, 2)));
    forTiles(
        b.index(unpackingTokens), count, least, form.tokens,
        [&](Value i, int64_t tokens) { panelTile(block, token, i, tokens, from, quads, pace); },
        behind);
  });
}

Values TileKernel::loadSums(Value i, int64_t tokens) {
  Values acc;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t v = 0; v < vectors(); ++v)
      acc.push_back(b.load(b.i32s(lanes), sums, sumsAt(i, t, v * lanes)));
  return acc;
}

void TileKernel::storeUnpacked(ArrayRef<Plane> unpacked, Value step) {
  Value quad = b.mul(step, planes);
  for (auto [p, plane] : llvm::enumerate(unpacked))
    for (auto [v, codes] : llvm::enumerate(plane.codes))
      b.store(codes, panel, panelAt(b.add(quad, p), v));
}

void TileKernel::unpackingTile(Value block, Value token, Value from, Value to) {
  Value start = b.index(0);
  Values acc =
      b.loop(from, to, 1, loadSums(start, unpackingTokens), [&](Value step, ValueRange carried) {
        Values next(carried.begin(), carried.end());
        Value stored = storedStep(block, step);
        SmallVector<Plane> unpacked =
            unpackSteps(stored, 0, blockRows, unpackingTokens, Unpack::Down);
        storeUnpacked(unpacked, b.create<arith::SubIOp>(step, from));
        addStep(unpacked, token, unpackingTokens, b.mul(step, 4 * planes),
                [&](const Plane &, int64_t n, Value codes, Value x) {
                  next[n] = dot(next[n], codes, x, coding.max);
                });
        return next;
      });
  storeSums(acc, start, unpackingTokens, 0);
}

void TileKernel::panelTile(Value block, Value token, Value i, int64_t tokens, Value from,
                           Value quads, Value pace) {
  Value first = b.add(token, i);
  Value column = b.mul(from, 4 * planes);
  pace = b.mul(pace, tokens);
  Values acc = b.loop(b.index(0), quads, 1, loadSums(i, tokens), [&](Value q, ValueRange carried) {
    Values next(carried.begin(), carried.end());
    prefetchOutput(block, first, b.create<arith::MulIOp>(q, pace));
    Values codes;
    for (int64_t v = 0; v < vectors(); ++v)
      codes.push_back(b.load(b.i8s(form.width), panel, panelAt(q, v)));
    for (int64_t t = 0; t < tokens; ++t) {
      Value x = quad(b.add(first, t), b.add(column, b.mul(q, 4)));
      for (int64_t v = 0; v < vectors(); ++v) {
        Value &a = next[t * vectors() + v];
        a = dot(a, codes[v], x, coding.max);
      }
    }
    return next;
  });
  storeSums(acc, i, tokens, 0);
}

void TileKernel::prefetchOutput(Value block, Value first, Value tokens16) {
  Value to = b.create<arith::SubIOp>(first, args.first);
  to = b.add(to, b.create<arith::ShRUIOp>(tokens16, b.index(16)));
  for (int64_t r = 0; r < blockRows; r += epilogueRows)
    b.create<memref::PrefetchOp>(args.y, ValueRange{to, b.add(b.mul(block, blockRows), r)},
                                 /*isWrite=*/true, /*localityHint=*/3, /*isDataCache=*/true);
}

void TileKernel::multiplyInMemory(Value block, Value token, Value count, Value begin, Value end,
                                  Finish finish) {
  clearSums(count);
  b.loop(begin, end, panelSteps, [&](Value from) {
    Value to = b.min(b.add(from, panelSteps), end);
    Value steps = b.create<arith::SubIOp>(to, from);
    Value codes = args.weights, at = storedStep(block, from);
    if (planes > 1) {
      b.loop(from, to, 1, [&](Value step) {
        Value stored = storedStep(block, step);
        Values bytes = loadStep(stored, /*far=*/nullptr, 0, blockRows);
        storeUnpacked(unpackStep(bytes, Unpack::Down), b.create<arith::SubIOp>(step, from));
      });
      codes = panel;
      at = b.index(0);
    }
    b.create<uk::DotI8PanelOp>(args.input[0], token, b.mul(from, 4 * planes), codes, at, sums,
                               count, b.mul(steps, planes), args.weights, storedStep(block, to),
                               b.mul(steps, stepBytes));
  });
  if (finish)
    finish(b.index(0), count);
}

void TileKernel::clearSums(Value count) {
  forRows(b.index(0), count,
          [&](Value, Value at, int64_t) { b.store(b.zero(b.i32s(epilogueRows)), sums, at); });
}

} // namespace lobit
