#include "passes/Lower/Generic/TurnedKeys.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t lanes = KernelBuilder::lanes;

struct Registers {
  int64_t width; ///< f32 of one
  int64_t sums;  ///< how many hold sums
};

Registers registersOf(Isa isa) {
  const IsaInfo *info = findIsa(isa);
  if (info->requiredCpuFeatures & CpuAvx512F)
    return {16, 16};
  if (info->requiredCpuFeatures & CpuAvx2)
    return {8, 8};
  return {4, info->arch == Arch::AArch64 ? 16 : 8};
}

/// `count` lines of `count` elements: element i of line j becomes element j of line i.
SmallVector<Value> transpose(KernelBuilder &k, SmallVector<Value> lines) {
  int64_t count = lines.size();
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < count / 2; ++i) {
    low.append({i, count + i});
    high.append({count / 2 + i, count + count / 2 + i});
  }
  for (int64_t round = 1; round < count; round *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < count / 2; ++i)
      for (ArrayRef<int64_t> half : {ArrayRef(low), ArrayRef(high)})
        next.push_back(k.b.create<vector::ShuffleOp>(lines[i], lines[i + count / 2], half));
    lines = next;
  }
  return lines;
}

} // namespace

TurnedKeys::TurnedKeys(KernelBuilder &k, const AttentionShape &shape, Isa isa)
    : k(k), headDim(shape.cache.getHeadDim()), chunks(headDim / lanes) {
  Registers registers = registersOf(isa);
  width = registers.width;
  int64_t together = std::min(shape.group(), attentionHeads);
  sums = std::min<int64_t>(lanes, llvm::bit_floor<uint64_t>(registers.sums / together));
  sets = lanes / sums;
}

SmallVector<int64_t> TurnedKeys::columnsOf(int64_t set) const {
  // Sets come in the order in which the tree adds them up: 0, sets / 2, sets / 4, ...
  int64_t first = 0;
  for (int64_t bit = 1; bit < sets; bit *= 2)
    first = 2 * first + (set / bit) % 2;
  SmallVector<int64_t> columns;
  for (int64_t i = 0; i < sums; ++i)
    columns.push_back(first + i * sets);
  return columns;
}

void TurnedKeys::turn(Value keys, Value kvHead, Value first, Value last, Value turned, Value slot) {
  Value end = k.b.create<arith::SubIOp>(last, first);
  Value lastKey = k.b.create<arith::SubIOp>(last, k.index(1));
  k.loop(k.index(0), end, width, [&](Value position) {
    Value start = k.mulIndex(position, headDim);
    k.loop(k.index(0), k.index(chunks), 1, [&](Value chunk) {
      SmallVector<Value> rows;
      for (int64_t i = 0; i < width; ++i) {
        Value at = k.addIndex(k.addIndex(first, position), k.index(i));
        at = k.b.create<arith::MinUIOp>(at, lastKey);
        rows.push_back(k.loadCached(keys, {kvHead, at, k.mulIndex(chunk, lanes)}, lanes));
      }
      SmallVector<Value> columns;
      for (int64_t part = 0; part < lanes; part += width) {
        SmallVector<Value> lines;
        for (Value row : rows)
          lines.push_back(k.slice(row, part, width));
        llvm::append_range(columns, transpose(k, lines));
      }
      Value inChunk = k.addIndex(start, k.mulIndex(chunk, sums * width));
      for (int64_t set = 0; set < sets; ++set)
        for (auto [i, column] : llvm::enumerate(columnsOf(set))) {
          int64_t offset = (set * chunks * sums + int64_t(i)) * width;
          k.b.create<vector::StoreOp>(columns[column], turned,
                                      ValueRange{slot, k.addIndex(inChunk, k.index(offset))});
        }
    });
  });
}

SmallVector<Value> TurnedKeys::dots(Value q, Value row, ArrayRef<Value> heads, Value turned,
                                    Value slot, Value position) {
  auto type = VectorType::get({width}, k.b.getF32Type());
  Value start = k.mulIndex(position, headDim);
  auto plus = [&](Value a, Value b) -> Value { return k.b.create<arith::AddFOp>(a, b); };
  /// Products of the columns of a set in one chunk with those of each head.
  auto products = [&](int64_t set, Value chunk) {
    SmallVector<Value> all;
    Value at = k.addIndex(k.addIndex(start, k.index(set * chunks * sums * width)),
                          k.mulIndex(chunk, sums * width));
    for (auto [i, column] : llvm::enumerate(columnsOf(set))) {
      Value keys = k.b.create<vector::LoadOp>(
          type, turned, ValueRange{slot, k.addIndex(at, k.index(int64_t(i) * width))});
      Value inHead = k.addIndex(k.mulIndex(chunk, lanes), k.index(column));
      for (Value head : heads) {
        Value query = k.b.create<memref::LoadOp>(q, ValueRange{row, k.addIndex(head, inHead)});
        all.push_back(k.b.create<arith::MulFOp>(k.splat(query, width), keys));
      }
    }
    return all;
  };
  // Sums of sets that wait for their other half, by height in the tree.
  SmallVector<SmallVector<Value>> waiting;
  for (int64_t set = 0; set < sets; ++set) {
    // Adding the first product to +0 could change the sign of a zero alone, which no exponential
    // sees.
    SmallVector<Value> all = products(set, k.index(0));
    if (chunks > 1)
      all = k.loop(k.index(1), k.index(chunks), 1, all,
                   [&](Value chunk, ArrayRef<Value> carried) -> SmallVector<Value> {
                     SmallVector<Value> next;
                     for (auto [sum, product] : llvm::zip(carried, products(set, chunk)))
                       next.push_back(plus(sum, product));
                     return next;
                   });
    for (size_t half = all.size() / 2; half >= heads.size(); half /= 2) {
      for (size_t i = 0; i < half; ++i)
        all[i] = plus(all[i], all[i + half]);
      all.resize(half);
    }
    for (int64_t height = set + 1; height % 2 == 0; height /= 2) {
      for (auto [sum, other] : llvm::zip(all, waiting.back()))
        sum = plus(other, sum);
      waiting.pop_back();
    }
    waiting.push_back(all);
  }
  return waiting.front();
}

} // namespace lobit
