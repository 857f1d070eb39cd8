// Attention in two steps. The first takes blocks of attentionBlock positions: scores,
// exponentials and weighted values of all query heads that share keys and values, so that
// these are read once. The second puts the blocks of a head together. A block is the same
// for any number of threads, and so is the result.
#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"
#include "passes/Lower/Generic/TurnedKeys.h"

#include "dialects/UKernel/UKernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"

#include <limits>
#include <numeric>

using namespace mlir;

namespace lobit {

int64_t AttentionShape::blocks() const {
  return llvm::divideCeil(cache.getMaxContext(), attentionBlock);
}

MemRefType attentionScoreBuffer(const AttentionShape &shape) {
  return MemRefType::get({attentionWorkers, shape.group(), attentionBlock},
                         Float32Type::get(shape.cache.getContext()));
}

MemRefType attentionKeyBuffer(const AttentionShape &shape) {
  return MemRefType::get({attentionWorkers, attentionBlock * shape.cache.getHeadDim()},
                         Float32Type::get(shape.cache.getContext()));
}

MemRefType attentionSumBuffer(const AttentionShape &shape) {
  return MemRefType::get({shape.maxRows * shape.heads, shape.blocks(), shape.cache.getHeadDim()},
                         Float32Type::get(shape.cache.getContext()));
}

MemRefType attentionFactBuffer(const AttentionShape &shape) {
  return MemRefType::get({shape.maxRows * shape.heads, shape.blocks(), 2},
                         Float32Type::get(shape.cache.getContext()));
}

static std::string kernelName(StringRef what, const AttentionShape &shape, Isa isa) {
  return floatKernelName(
      (what + "_" + cacheWord(shape.cache) + "_" + Twine(shape.heads) + "x" +
       Twine(shape.cache.getKvHeads()) + "x" + Twine(shape.cache.getHeadDim()) + "_" +
       llvm::utohexstr(llvm::bit_cast<uint32_t>(shape.scale), /*LowerCase=*/true))
          .str(),
      isa);
}

/// How many vectors of 16 f32 the registers hold beside what a step needs.
static int64_t accumulators(Isa isa) {
  const IsaInfo *info = findIsa(isa);
  if (info->requiredCpuFeatures & CpuAvx512F)
    return 16;
  if (info->requiredCpuFeatures & CpuAvx2 || info->arch == Arch::AArch64)
    return 4;
  return 2;
}

namespace {

/// Query heads first .. first + count - 1 of one row, and a block of positions.
class BlockOfHeads {
public:
  BlockOfHeads(KernelBuilder &k, const AttentionShape &shape, Isa isa)
      : k(k), cache(shape.cache), scale(shape.scale), heads(shape.heads), group(shape.group()),
        vectors(accumulators(isa)) {}

  Value q, keys, values, keyScales, valueScales, scores, sums, facts;
  TurnedKeys *turnedKeys = nullptr; ///< if the keys of the block are in `turned`
  Value turned;
  Value row; ///< of q
  Value kvHead;
  Value slot; ///< of `scores`
  Value block;
  Value first, last; ///< positions

  void emit() {
    int64_t together = std::min({group, vectors, attentionHeads});
    if (turnedKeys) {
      for (int64_t head = 0; head < group; head += attentionHeads)
        emitTurnedScores(head, std::min(attentionHeads, group - head));
    } else {
      for (int64_t head = 0; head < group; head += together)
        emitScores(head, std::min(together, group - head));
    }
    for (int64_t head = 0; head < group; ++head)
      emitExponentials(head);
    for (int64_t head = 0; head < group; head += together)
      emitWeightedValues(head, std::min(together, group - head));
  }

private:
  static constexpr int64_t lanes = KernelBuilder::lanes;

  int64_t width(int64_t column) const { return std::min(lanes, cache.getHeadDim() - column); }
  Value column(int64_t head, int64_t c) {
    Value queryHead = k.addIndex(k.mulIndex(kvHead, group), k.index(head));
    return k.addIndex(k.mulIndex(queryHead, cache.getHeadDim()), k.index(c));
  }
  /// Row of `sums` and `facts`.
  Value part(int64_t head) {
    Value queryHead = k.addIndex(k.mulIndex(kvHead, group), k.index(head));
    return k.addIndex(k.mulIndex(row, heads), queryHead);
  }

  /// scores[head][j - first] = dot(q, k[j]) (* scale of k[j]) * scale for `count` heads.
  void emitScores(int64_t head, int64_t count) {
    int64_t step = std::max<int64_t>(1, vectors / count);
    Value whole = k.b.create<arith::SubIOp>(
        last, k.remIndex(k.b.create<arith::SubIOp>(last, first), k.index(step)));
    k.loop(first, whole, step, [&](Value j) { emitScores(head, count, j, step); });
    if (step > 1)
      k.loop(whole, last, 1, [&](Value j) { emitScores(head, count, j, 1); });
  }

  void emitScores(int64_t head, int64_t count, Value j, int64_t positions) {
    SmallVector<Value> dots(count * positions, k.zeros()); // by head, then position
    auto addChunk = [&](Value c, int64_t width, SmallVector<Value> sums) {
      SmallVector<Value> key;
      for (int64_t p = 0; p < positions; ++p)
        key.push_back(k.loadCached(keys, {kvHead, k.addIndex(j, k.index(p)), c}, width));
      for (int64_t h = 0; h < count; ++h) {
        Value query = k.load(q, {row, k.addIndex(column(head + h, 0), c)}, width);
        for (int64_t p = 0; p < positions; ++p) {
          Value &sum = sums[h * positions + p];
          sum = k.b.create<arith::AddFOp>(sum, k.b.create<arith::MulFOp>(query, key[p]));
        }
      }
      return sums;
    };
    int64_t whole = cache.getHeadDim() / lanes * lanes;
    if (whole > 0)
      dots = k.loop(k.index(0), k.index(whole), lanes, dots,
                    [&](Value c, ArrayRef<Value> carried) -> SmallVector<Value> {
                      return addChunk(c, lanes, SmallVector<Value>(carried));
                    });
    if (whole < cache.getHeadDim())
      dots = addChunk(k.index(whole), width(whole), dots);
    Value reduced = k.reduceEach(dots);
    Value at = k.b.create<arith::SubIOp>(j, first);
    for (int64_t h = 0; h < count; ++h) {
      Value score = k.slice(reduced, h * positions, positions);
      if (keyScales)
        score = k.b.create<arith::MulFOp>(
            score, k.b.create<vector::LoadOp>(score.getType(), keyScales, ValueRange{kvHead, j}));
      score = k.b.create<arith::MulFOp>(score, k.splat(k.f32(scale), positions));
      k.b.create<vector::StoreOp>(score, scores, ValueRange{slot, k.index(head + h), at});
    }
  }

  /// The same for `width` positions at a time; some behind the last are no numbers of anything.
  void emitTurnedScores(int64_t head, int64_t count) {
    SmallVector<Value> columns;
    for (int64_t h = 0; h < count; ++h)
      columns.push_back(column(head + h, 0));
    int64_t width = turnedKeys->width;
    k.loop(k.index(0), k.b.create<arith::SubIOp>(last, first), width, [&](Value at) {
      SmallVector<Value> dots = turnedKeys->dots(q, row, columns, turned, slot, at);
      for (auto [h, score] : llvm::enumerate(dots)) {
        if (keyScales)
          score = k.b.create<arith::MulFOp>(
              score, k.b.create<vector::LoadOp>(score.getType(), keyScales,
                                                ValueRange{kvHead, k.addIndex(first, at)}));
        score = k.b.create<arith::MulFOp>(score, k.splat(k.f32(scale), width));
        k.b.create<vector::StoreOp>(score, scores,
                                    ValueRange{slot, k.index(head + int64_t(h)), at});
      }
    });
  }

  /// scores = exp(scores - largest) (* scale of v[j]); facts = largest, sum of exponentials.
  void emitExponentials(int64_t head) {
    Value count = k.b.create<arith::SubIOp>(last, first);
    Value slotHead = k.index(head);
    auto laneType = VectorType::get({lanes}, k.b.getI32Type());
    SmallVector<int32_t> numbers(lanes);
    std::iota(numbers.begin(), numbers.end(), 0);
    Value lane =
        k.b.create<arith::ConstantOp>(DenseElementsAttr::get(laneType, ArrayRef<int32_t>(numbers)));
    auto inside = [&](Value j) -> Value {
      Value left =
          k.b.create<arith::IndexCastOp>(k.b.getI32Type(), k.b.create<arith::SubIOp>(count, j));
      return k.b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, lane, k.splat(left));
    };
    Value lowest = k.splat(k.f32(-std::numeric_limits<float>::infinity()));
    Value largest = k.loop(k.index(0), count, lanes, {lowest},
                           [&](Value j, ArrayRef<Value> carried) -> SmallVector<Value> {
                             Value score = k.load(scores, {slot, slotHead, j}, lanes);
                             score = k.b.create<arith::SelectOp>(inside(j), score, lowest);
                             return {k.greater(score, carried[0])};
                           })[0];
    for (int64_t half = lanes / 2; half >= 1; half /= 2)
      largest = k.greater(k.slice(largest, half, half), k.slice(largest, 0, half));
    Value top = k.b.create<vector::ExtractOp>(largest, ArrayRef<int64_t>{0});
    Value shift = k.splat(top);
    Value total = k.loop(k.index(0), count, lanes, {k.zeros()},
                         [&](Value j, ArrayRef<Value> carried) -> SmallVector<Value> {
                           Value score = k.load(scores, {slot, slotHead, j}, lanes);
                           Value e = k.b.create<uk::ExpOp>(k.b.create<arith::SubFOp>(score, shift));
                           e = k.b.create<arith::SelectOp>(inside(j), e, k.zeros());
                           Value weight = e;
                           if (valueScales)
                             weight = k.b.create<arith::MulFOp>(
                                 e, k.load(valueScales, {kvHead, k.addIndex(first, j)}, lanes));
                           k.store(weight, scores, {slot, slotHead, j}, lanes);
                           return {k.b.create<arith::AddFOp>(carried[0], e)};
                         })[0];
    Value z = k.b.create<uk::ReduceAddOp>(k.b.getF32Type(), total);
    Value at = part(head);
    k.b.create<memref::StoreOp>(top, facts, ValueRange{at, block, k.index(0)});
    k.b.create<memref::StoreOp>(z, facts, ValueRange{at, block, k.index(1)});
  }

  /// sums[d] = sum over j of scores[j] * v[j][d] for `count` heads, some columns at a time.
  void emitWeightedValues(int64_t head, int64_t count) {
    int64_t step = std::max<int64_t>(1, vectors / count) * lanes;
    for (int64_t d = 0; d < cache.getHeadDim(); d += step) {
      SmallVector<int64_t> columns;
      for (int64_t c = d; c < std::min(d + step, cache.getHeadDim()); c += lanes)
        columns.push_back(c);
      SmallVector<Value> totals(count * columns.size(), k.zeros());
      totals = k.loop(
          first, last, 1, totals, [&](Value j, ArrayRef<Value> carried) -> SmallVector<Value> {
            SmallVector<Value> v, next;
            for (int64_t c : columns)
              v.push_back(k.loadCached(values, {kvHead, j, k.index(c)}, width(c)));
            Value at = k.b.create<arith::SubIOp>(j, first);
            for (int64_t h = 0; h < count; ++h) {
              Value weight = k.splat(
                  k.b.create<memref::LoadOp>(scores, ValueRange{slot, k.index(head + h), at}));
              for (auto [c, value] : llvm::enumerate(v))
                next.push_back(k.b.create<arith::AddFOp>(carried[h * columns.size() + c],
                                                         k.b.create<arith::MulFOp>(weight, value)));
            }
            return next;
          });
      for (int64_t h = 0; h < count; ++h)
        for (auto [c, column] : llvm::enumerate(columns))
          k.store(totals[h * columns.size() + c], sums, {part(head + h), block, k.index(column)},
                  width(column));
    }
  }

  KernelBuilder &k;
  lm::CacheType cache;
  float scale;
  int64_t heads, group, vectors;
};

} // namespace

/// One token more in a block takes so long that turning the keys of the block pays for this many
/// tokens of a thread.
static constexpr int64_t tokensToTurnFor = 8;

/// Each thread has its own scores. Of few tokens a thread takes (key-value head, block, token)
/// triples. Of many it takes every threads-th token, because later ones read more, and turns
/// the keys of a block for all of them.
func::FuncOp getOrCreateAttentionBlocks(ModuleOp module, const AttentionShape &shape, Isa isa) {
  std::string name = kernelName("attention_blocks", shape, isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  lm::CacheType cache = shape.cache;
  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  SmallVector<Type> types = {rowBuffer(context, shape.maxRows, shape.heads * cache.getHeadDim())};
  SmallVector<MemRefType> stores = cacheBuffers(cache);
  types.append(stores.begin(), stores.end());
  types.append({attentionScoreBuffer(shape), attentionKeyBuffer(shape), attentionSumBuffer(shape),
                attentionFactBuffer(shape), index, index, index, index});
  KernelBuilder k(module, name, types);
  unsigned next = 1 + stores.size();
  Value position = k.argument(next + 4), rows = k.argument(next + 5), thread = k.argument(next + 6);
  Value workers = k.b.create<arith::MinUIOp>(k.argument(next + 7), k.index(attentionWorkers));
  Value size = k.index(attentionBlock);
  Value positions = k.addIndex(position, rows);
  Value blocks = k.b.create<arith::CeilDivUIOp>(positions, size);

  auto blockOf = [&](Value kvHead, Value block, Value row, TurnedKeys *turnedKeys) {
    BlockOfHeads heads(k, shape, isa);
    heads.q = k.argument(0);
    heads.keys = k.argument(1);
    heads.values = k.argument(2);
    if (stores.size() == 4) {
      heads.keyScales = k.argument(3);
      heads.valueScales = k.argument(4);
    }
    heads.scores = k.argument(next);
    heads.turned = k.argument(next + 1);
    heads.sums = k.argument(next + 2);
    heads.facts = k.argument(next + 3);
    heads.turnedKeys = turnedKeys;
    heads.slot = thread;
    heads.kvHead = kvHead;
    heads.block = block;
    heads.row = row;
    heads.first = k.b.create<arith::MulIOp>(block, size);
    Value count = k.addIndex(k.addIndex(position, row), k.index(1));
    heads.last = k.b.create<arith::MinUIOp>(k.addIndex(heads.first, size), count);
    // A block behind the token of an early row is empty.
    k.when(k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, heads.first, count),
           [&] { heads.emit(); });
  };
  auto few = [&] {
    Value perHead = k.b.create<arith::MulIOp>(blocks, rows);
    Value items = k.mulIndex(perHead, cache.getKvHeads());
    auto [begin, end] = k.threadRange(items, thread, workers);
    // A thread without a slot gets an empty range.
    begin = k.b.create<arith::MinUIOp>(begin, items);
    end = k.b.create<arith::MinUIOp>(end, items);
    k.loop(begin, end, 1, [&](Value item) {
      Value rest = k.remIndex(item, perHead);
      blockOf(k.divIndex(item, perHead), k.divIndex(rest, rows), k.remIndex(rest, rows), nullptr);
    });
  };
  if (shape.cache.getHeadDim() % KernelBuilder::lanes != 0) {
    few();
    return k.finish();
  }
  auto many = [&] {
    TurnedKeys turnedKeys(k, shape, isa);
    k.loop(k.index(0), k.index(cache.getKvHeads()), 1, [&](Value kvHead) {
      k.loop(k.index(0), blocks, 1, [&](Value block) {
        Value first = k.b.create<arith::MulIOp>(block, size);
        Value last = k.b.create<arith::MinUIOp>(k.addIndex(first, size), positions);
        turnedKeys.turn(k.argument(1), kvHead, first, last, k.argument(next + 1), thread);
        k.loop(thread, rows, workers, [&](Value row) { blockOf(kvHead, block, row, &turnedKeys); });
      });
    });
  };
  Value isMany = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, rows,
                                           k.mulIndex(workers, tokensToTurnFor));
  Value hasSlot = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, thread, workers);
  k.when(isMany, [&] { k.when(hasSlot, many); }, few);
  return k.finish();
}

func::FuncOp getOrCreateAttentionCombine(ModuleOp module, const AttentionShape &shape, Isa isa) {
  std::string name = kernelName("attention_combine", shape, isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  int64_t headDim = shape.cache.getHeadDim();
  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  KernelBuilder k(module, name,
                  {attentionSumBuffer(shape), attentionFactBuffer(shape),
                   rowBuffer(context, shape.maxRows, shape.heads * headDim), index, index, index});
  Value sums = k.argument(0), facts = k.argument(1), y = k.argument(2);
  Value from = k.argument(4), to = k.argument(5);
  Value blocks = k.addIndex(k.divIndex(k.argument(3), k.index(attentionBlock)), k.index(1));
  k.loop(k.index(0), k.index(shape.heads), 1, [&](Value head) {
    Value item = k.addIndex(k.mulIndex(from, shape.heads), head);
    auto fact = [&](Value block, int64_t which) -> Value {
      return k.b.create<memref::LoadOp>(facts, ValueRange{item, block, k.index(which)});
    };
    Value largest = k.loop(k.index(0), blocks, 1, {k.f32(-std::numeric_limits<float>::infinity())},
                           [&](Value block, ArrayRef<Value> carried) -> SmallVector<Value> {
                             return {k.greater(fact(block, 0), carried[0])};
                           })[0];
    // facts[block][0] becomes the weight of the block.
    Value total =
        k.loop(k.index(0), blocks, 1, {k.f32(0)},
               [&](Value block, ArrayRef<Value> carried) -> SmallVector<Value> {
                 Value shifted = k.splat(k.b.create<arith::SubFOp>(fact(block, 0), largest));
                 Value weight = k.b.create<vector::ExtractOp>(
                     k.b.create<uk::ExpOp>(shifted).getResult(), ArrayRef<int64_t>{0});
                 k.b.create<memref::StoreOp>(weight, facts, ValueRange{item, block, k.index(0)});
                 Value part = k.b.create<arith::MulFOp>(weight, fact(block, 1));
                 return {k.b.create<arith::AddFOp>(carried[0], part)};
               })[0];
    Value divisor = k.splat(total);
    k.columns(headDim, [&](Value d, int64_t width) {
      Value sum = k.loop(k.index(0), blocks, 1, {k.zeros()},
                         [&](Value block, ArrayRef<Value> carried) -> SmallVector<Value> {
                           Value part = k.b.create<arith::MulFOp>(
                               k.splat(fact(block, 0)), k.load(sums, {item, block, d}, width));
                           return {k.b.create<arith::AddFOp>(carried[0], part)};
                         })[0];
      k.store(k.b.create<arith::DivFOp>(sum, divisor), y,
              {to, k.addIndex(k.mulIndex(head, headDim), d)}, width);
    });
  });
  return k.finish();
}

} // namespace lobit
