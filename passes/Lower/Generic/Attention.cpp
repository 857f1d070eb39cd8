#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

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

MemRefType cacheBuffer(lm::CacheType type) {
  return MemRefType::get({type.getKvHeads(), type.getMaxContext(), type.getHeadDim()},
                         Float32Type::get(type.getContext()));
}

MemRefType attentionScoreBuffer(lm::CacheType cache) {
  return MemRefType::get({attentionWorkers, static_cast<int64_t>(llvm::alignTo(
                                                cache.getMaxContext(), KernelBuilder::lanes))},
                         Float32Type::get(cache.getContext()));
}

func::FuncOp getOrCreateCacheAppend(ModuleOp module, int64_t maxRows, lm::CacheType cache,
                                    Isa isa) {
  int64_t kvHeads = cache.getKvHeads(), headDim = cache.getHeadDim();
  std::string name =
      floatKernelName(("cache_append_" + Twine(kvHeads) + "x" + Twine(headDim)).str(), isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  MemRefType row = rowBuffer(context, maxRows, kvHeads * headDim);
  MemRefType store = cacheBuffer(cache);
  KernelBuilder k(module, name, {row, row, store, store, index, index, index, index});
  Value position = k.argument(4), rows = k.argument(5);
  auto [begin, end] = k.threadRange(k.mulIndex(rows, kvHeads), k.argument(6), k.argument(7));
  k.loop(begin, end, 1, [&](Value item) {
    Value t = k.divIndex(item, k.index(kvHeads));
    Value head = k.remIndex(item, k.index(kvHeads));
    Value first = k.mulIndex(head, headDim);
    Value at = k.addIndex(position, t);
    k.columns(headDim, [&](Value i, int64_t width) {
      for (unsigned which : {0u, 1u})
        k.store(k.load(k.argument(which), {t, k.addIndex(first, i)}, width), k.argument(2 + which),
                {head, at, i}, width);
    });
  });
  return k.finish();
}

namespace {

/// One query: all values the steps below share.
struct Query {
  Value q, keys, values, scores, y;
  Value row;    ///< of q and y
  Value column; ///< first column of the head
  Value kvHead;
  Value slot;  ///< row of `scores`
  Value count; ///< positions it attends to
  int64_t headDim;
};

/// scores[j] = dot(q, k[j]) * scale; returns the largest.
Value emitScores(KernelBuilder &k, const Query &query, float scale) {
  // The query stays in registers as long as it fits into 8 vectors.
  bool keep = query.headDim <= 8 * KernelBuilder::lanes;
  SmallVector<Value> chunks;
  for (int64_t c = 0; keep && c < query.headDim; c += KernelBuilder::lanes)
    chunks.push_back(k.load(query.q, {query.row, k.addIndex(query.column, k.index(c))},
                            std::min(KernelBuilder::lanes, query.headDim - c)));
  Value lowest = k.f32(-std::numeric_limits<float>::infinity());
  return k.loop(
      k.index(0), query.count, 1, {lowest},
      [&](Value j, ArrayRef<Value> carried) -> SmallVector<Value> {
        auto step = [&](Value column, int64_t width, Value sum, Value q) -> Value {
          Value key = k.load(query.keys, {query.kvHead, j, column}, width);
          return k.b.create<arith::AddFOp>(sum, k.b.create<arith::MulFOp>(q, key));
        };
        Value sum = k.zeros();
        if (keep) {
          for (auto [n, q] : llvm::enumerate(chunks)) {
            int64_t c = n * KernelBuilder::lanes;
            sum = step(k.index(c), std::min(KernelBuilder::lanes, query.headDim - c), sum, q);
          }
        } else {
          sum = k.columns(query.headDim, sum, [&](Value c, int64_t width, Value sum) {
            return step(c, width, sum,
                        k.load(query.q, {query.row, k.addIndex(query.column, c)}, width));
          });
        }
        Value score = k.b.create<arith::MulFOp>(k.b.create<uk::ReduceAddOp>(k.b.getF32Type(), sum),
                                                k.f32(scale));
        k.b.create<memref::StoreOp>(score, query.scores, ValueRange{query.slot, j});
        Value greater = k.b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, score, carried[0]);
        return {k.b.create<arith::SelectOp>(greater, score, carried[0])};
      })[0];
}

/// scores[j] = exp(scores[j] - largest); returns their sum. Lanes past the end count as 0.
Value emitExponentials(KernelBuilder &k, const Query &query, Value largest) {
  Value shift = k.splat(largest);
  auto laneType = VectorType::get({KernelBuilder::lanes}, k.b.getI32Type());
  SmallVector<int32_t> numbers(KernelBuilder::lanes);
  std::iota(numbers.begin(), numbers.end(), 0);
  Value lane =
      k.b.create<arith::ConstantOp>(DenseElementsAttr::get(laneType, ArrayRef<int32_t>(numbers)));
  Value sums = k.loop(k.index(0), query.count, KernelBuilder::lanes, {k.zeros()},
                      [&](Value j, ArrayRef<Value> carried) -> SmallVector<Value> {
                        Value score = k.load(query.scores, {query.slot, j}, KernelBuilder::lanes);
                        Value e = k.b.create<uk::ExpOp>(k.b.create<arith::SubFOp>(score, shift));
                        Value left = k.b.create<arith::IndexCastOp>(
                            k.b.getI32Type(), k.b.create<arith::SubIOp>(query.count, j));
                        Value inside = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, lane,
                                                                 k.splat(left));
                        e = k.b.create<arith::SelectOp>(inside, e, k.zeros());
                        k.store(e, query.scores, {query.slot, j}, KernelBuilder::lanes);
                        return {k.b.create<arith::AddFOp>(carried[0], e)};
                      })[0];
  return k.b.create<uk::ReduceAddOp>(k.b.getF32Type(), sums);
}

/// y[d] = (sum over j of scores[j] * v[j][d]) / total, up to 4 vectors of d at a time.
void emitWeightedValues(KernelBuilder &k, const Query &query, Value total) {
  Value divisor = k.splat(total);
  constexpr int64_t block = 4 * KernelBuilder::lanes;
  for (int64_t d = 0; d < query.headDim; d += block) {
    SmallVector<std::pair<int64_t, int64_t>> chunks; // column, width
    for (int64_t c = d; c < std::min(d + block, query.headDim); c += KernelBuilder::lanes)
      chunks.emplace_back(c, std::min(KernelBuilder::lanes, query.headDim - c));
    SmallVector<Value> sums(chunks.size(), k.zeros());
    sums = k.loop(
        k.index(0), query.count, 1, sums,
        [&](Value j, ArrayRef<Value> carried) -> SmallVector<Value> {
          Value e = k.splat(k.b.create<memref::LoadOp>(query.scores, ValueRange{query.slot, j}));
          SmallVector<Value> next;
          for (auto [chunk, sum] : llvm::zip(chunks, carried)) {
            Value v = k.load(query.values, {query.kvHead, j, k.index(chunk.first)}, chunk.second);
            next.push_back(k.b.create<arith::AddFOp>(sum, k.b.create<arith::MulFOp>(e, v)));
          }
          return next;
        });
    for (auto [chunk, sum] : llvm::zip(chunks, sums))
      k.store(k.b.create<arith::DivFOp>(sum, divisor), query.y,
              {query.row, k.addIndex(query.column, k.index(chunk.first))}, chunk.second);
  }
}

} // namespace

/// A thread takes (head, token) pairs, head by head, and has its own row of scores.
func::FuncOp getOrCreateAttention(ModuleOp module, int64_t maxRows, lm::CacheType cache,
                                  int64_t heads, float scale, Isa isa) {
  int64_t kvHeads = cache.getKvHeads(), headDim = cache.getHeadDim();
  std::string name =
      floatKernelName(("attention_" + Twine(heads) + "x" + Twine(kvHeads) + "x" + Twine(headDim) +
                       "_" + llvm::utohexstr(llvm::bit_cast<uint32_t>(scale), /*LowerCase=*/true))
                          .str(),
                      isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  MemRefType row = rowBuffer(context, maxRows, heads * headDim);
  MemRefType store = cacheBuffer(cache);
  KernelBuilder k(
      module, name,
      {row, store, store, attentionScoreBuffer(cache), row, index, index, index, index});
  Value position = k.argument(5), rows = k.argument(6), thread = k.argument(7);
  Value workers = k.b.create<arith::MinUIOp>(k.argument(8), k.index(attentionWorkers));
  Value items = k.mulIndex(rows, heads);
  auto [begin, end] = k.threadRange(items, thread, workers);
  // A thread without a slot gets an empty range.
  begin = k.b.create<arith::MinUIOp>(begin, items);
  end = k.b.create<arith::MinUIOp>(end, items);
  k.loop(begin, end, 1, [&](Value item) {
    Value head = k.divIndex(item, rows);
    Query query;
    query.q = k.argument(0);
    query.keys = k.argument(1);
    query.values = k.argument(2);
    query.scores = k.argument(3);
    query.y = k.argument(4);
    query.row = k.remIndex(item, rows);
    query.column = k.mulIndex(head, headDim);
    query.kvHead = k.divIndex(head, k.index(heads / kvHeads));
    query.slot = thread;
    query.count = k.addIndex(k.addIndex(position, query.row), k.index(1));
    query.headDim = headDim;
    Value largest = emitScores(k, query, scale);
    Value total = emitExponentials(k, query, largest);
    emitWeightedValues(k, query, total);
  });
  return k.finish();
}

} // namespace lobit
