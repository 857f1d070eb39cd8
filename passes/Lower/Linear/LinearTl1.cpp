// t2_tl1: sums of 16-entry tables, one table for each pair of activations.
//
// A step has 4 columns: two tables, each 16 low bytes then 16 high bytes of the int16
// entries w0 q0 + w1 q1.
#include "passes/Lower/Linear/LinearBuilder.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/CheckedMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t rowBlock = 32, stepColumns = 4, tableBytes = 32;

// A step adds two entries, each at most 2 * 128, to an int16 lane.
constexpr int64_t maxSteps = 63;
static_assert(maxSteps * 2 * 2 * 128 <= 32767);

/// What both forms share: steps and groups of a row.
struct Steps {
  explicit Steps(const LinearShape &shape)
      : all(ceilDiv(shape.in, stepColumns)),
        perGroup(shape.granularity == Granularity::Group ? shape.groupSize / stepColumns : all),
        groups(shape.granularity == Granularity::Group ? shape.groupsPerRow() : 1) {}
  int64_t all, perGroup, groups;
};

class LookupKernel {
public:
  LookupKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
               const LinearArguments &args)
      : b(b), shape(shape), form(form), args(args), epilogue(b, shape, args), steps(shape) {}

  void build() {
    Value tiles = b.index(ceilDiv(shape.out, rowBlock));
    forShare(b, tiles, args.thread, args.threads, [&](Value tile) {
      forTokenTiles(b, shape, args, form.tokens, [&](Value token, int64_t tokens) {
        if (shape.granularity == Granularity::Group)
          groupedTile(tile, token, tokens);
        else
          plainTile(tile, token, tokens);
      });
    });
  }

private:
  /// Bytes of two 16-byte halves side by side, as pshufb and punpck see them: lanes
  /// base .. base + 7 of each half of `low` and `high` alternate.
  Value interleave(Value low, Value high, int64_t base) {
    SmallVector<int64_t> lanes;
    for (int64_t half = 0; half < 32; half += 16)
      for (int64_t i = 0; i < 8; ++i) {
        lanes.push_back(half + base + i);
        lanes.push_back(32 + half + base + i);
      }
    return b.create<vector::BitCastOp>(b.i16s(16), b.shuffle(low, high, lanes));
  }

  /// int16 sums of steps begin .. end - 1: for each token rows 0-7, 16-23 and 8-15, 24-31.
  Values shortSums(Value tile, Value token, int64_t tokens, Value begin, Value end) {
    Values zeros(2 * tokens, b.zero(b.i16s(16)));
    return b.loop(begin, end, 1, zeros, [&](Value step, ValueRange carried) {
      Values acc(carried.begin(), carried.end());
      Value at = b.mul(b.add(b.mul(tile, steps.all), step), rowBlock);
      b.prefetch(args.weights, at, 4096);
      Value bytes = b.load(b.i8s(32), args.weights, at);
      Value nibbles[2] = {b.create<arith::AndIOp>(bytes, b.splatInt(15, 8, 32)),
                          b.create<arith::ShRUIOp>(bytes, b.splatInt(4, 8, 32))};
      for (int64_t t = 0; t < tokens; ++t)
        for (int64_t pair = 0; pair < 2; ++pair) {
          Value table = b.add(b.mul(step, 2 * tableBytes), pair * tableBytes);
          auto entries = [&](int64_t plane) -> Value {
            Value entry =
                b.load(b.i8s(16), args.input[0], {b.add(token, t), b.add(table, plane * 16)});
            return b.create<uk::TableLookupOp>(b.i8s(32), entry, nibbles[pair]);
          };
          Value low = entries(0), high = entries(1);
          acc[2 * t] = b.add(acc[2 * t], interleave(low, high, 0));
          acc[2 * t + 1] = b.add(acc[2 * t + 1], interleave(low, high, 8));
        }
      return acc;
    });
  }

  /// int32 sums of `count` steps from `begin`: for each token rows 0-15 and 16-31.
  Values sums(Value tile, Value token, int64_t tokens, Value begin, int64_t count) {
    auto widen = [&](Value from, Value to, ValueRange carried) {
      Values shorts = shortSums(tile, token, tokens, from, to);
      Values acc(carried.begin(), carried.end());
      for (int64_t i = 0; i < 2 * tokens; ++i)
        acc[i] = b.add(acc[i], b.create<arith::ExtSIOp>(b.i32s(16), shorts[i]));
      return acc;
    };
    Values acc(2 * tokens, b.zero(b.i32s(16)));
    Value end = b.add(begin, count);
    if (count <= maxSteps)
      acc = widen(begin, end, acc);
    else
      acc = b.loop(begin, end, maxSteps, acc, [&](Value from, ValueRange carried) {
        return widen(from, b.min(b.add(from, maxSteps), end), carried);
      });
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < 16; ++i) {
      low.push_back(i < 8 ? i : 8 + i);
      high.push_back(i < 8 ? 8 + i : 16 + i);
    }
    Values rows;
    for (int64_t t = 0; t < tokens; ++t) {
      rows.push_back(b.shuffle(acc[2 * t], acc[2 * t + 1], low));
      rows.push_back(b.shuffle(acc[2 * t], acc[2 * t + 1], high));
    }
    return rows;
  }

  Value rowOf(Value tile, int64_t half) { return b.add(b.mul(tile, rowBlock), 16 * half); }

  void plainTile(Value tile, Value token, int64_t tokens) {
    Values d = sums(tile, token, tokens, b.index(0), steps.all);
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t half = 0; half < 2; ++half)
        epilogue.storeScaled(d[2 * t + half], rowOf(tile, half), b.add(token, t));
  }

  void groupedTile(Value tile, Value token, int64_t tokens) {
    auto addGroup = [&](Value group, int64_t count, ValueRange carried) {
      Values d = sums(tile, token, tokens, b.mul(group, steps.perGroup), count);
      Values acc(carried.begin(), carried.end());
      for (int64_t i = 0; i < 2 * tokens; ++i)
        acc[i] = epilogue.addGroup(acc[i], d[i], rowOf(tile, i % 2), group);
      return acc;
    };
    int64_t rest = steps.all % steps.perGroup, full = steps.groups - (rest != 0);
    Values acc(2 * tokens, b.zero(b.f32s(16)));
    acc = b.loop(b.index(0), b.index(full), 1, acc, [&](Value group, ValueRange carried) {
      return addGroup(group, steps.perGroup, carried);
    });
    if (rest != 0)
      acc = addGroup(b.index(full), rest, acc);
    for (int64_t i = 0; i < 2 * tokens; ++i)
      epilogue.storeGrouped(acc[i], rowOf(tile, i % 2), b.add(token, i / 2));
  }

  LinearBuilder &b;
  const LinearShape &shape;
  const KernelForm &form;
  const LinearArguments &args;
  Epilogue epilogue;
  Steps steps;
};

} // namespace

void buildLookupKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                       const LinearArguments &args) {
  LookupKernel(b, shape, form, args).build();
}

void buildWalkKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                     const LinearArguments &args) {
  Epilogue epilogue(b, shape, args);
  Steps steps(shape);
  Type i32 = b.getI32Type();
  auto constant = [&](int64_t value) -> Value { return b.create<arith::ConstantIntOp>(value, 32); };

  // The int32 sum of `count` steps from `begin` of one row and token.
  auto walk = [&](Value row, Value token, Value begin, int64_t count) -> Value {
    Value block = b.create<arith::DivUIOp>(row, b.index(rowBlock));
    Value lane = b.create<arith::RemUIOp>(row, b.index(rowBlock));
    Values sum =
        b.loop(begin, b.add(begin, count), 1, ValueRange{constant(0)},
               [&](Value step, ValueRange carried) -> Values {
                 Value at = b.add(b.mul(b.add(b.mul(block, steps.all), step), rowBlock), lane);
                 Value byte = b.create<memref::LoadOp>(args.weights, at);
                 Value bits = b.create<arith::ExtUIOp>(i32, byte);
                 Value nibbles[2] = {b.create<arith::AndIOp>(bits, constant(15)),
                                     b.create<arith::ShRUIOp>(bits, constant(4))};
                 Value total = carried[0];
                 for (int64_t pair = 0; pair < 2; ++pair) {
                   Value entry = b.create<arith::IndexCastUIOp>(b.getIndexType(), nibbles[pair]);
                   entry = b.add(b.add(b.mul(step, 2 * tableBytes), pair * tableBytes), entry);
                   Value low = b.create<memref::LoadOp>(args.input[0], ValueRange{token, entry});
                   Value high =
                       b.create<memref::LoadOp>(args.input[0], ValueRange{token, b.add(entry, 16)});
                   total = b.add(total, b.create<arith::ExtUIOp>(i32, low));
                   total = b.add(total, b.create<arith::ShLIOp>(b.create<arith::ExtSIOp>(i32, high),
                                                                constant(8)));
                 }
                 return {total};
               });
    return b.splat(sum[0], 1);
  };

  forShare(b, b.index(shape.out), args.thread, args.threads, [&](Value row) {
    forTokenTiles(b, shape, args, form.tokens, [&](Value token, int64_t) {
      if (shape.granularity != Granularity::Group) {
        epilogue.storeScaled(walk(row, token, b.index(0), steps.all), row, token);
        return;
      }
      auto addGroup = [&](Value group, int64_t count, Value acc) {
        Value d = walk(row, token, b.mul(group, steps.perGroup), count);
        return epilogue.addGroup(acc, d, row, group);
      };
      int64_t rest = steps.all % steps.perGroup, full = steps.groups - (rest != 0);
      Value acc = b.zero(b.f32s(1));
      acc =
          b.loop(b.index(0), b.index(full), 1, acc, [&](Value group, ValueRange carried) -> Values {
            return {addGroup(group, steps.perGroup, carried[0])};
          })[0];
      if (rest != 0)
        acc = addGroup(b.index(full), rest, acc);
      epilogue.storeGrouped(acc, row, token);
    });
  });
}

} // namespace lobit
