// t2_tile, one token, where a product of bytes is several instructions: sums of two columns are
// looked up. A nibble of a byte of t2_tile holds the codes of two columns of a row, and
// for each pair of columns a table has t0 q0 + t1 q1 at every value c0 + 4 c1.
//
// Four rows of four bytes are turned so that a vector has one byte of 16 rows. An entry e
// is split into e mod 32 and e / 32, rounded down, so that the eight lookups of a step are
// summed in bytes; steps are summed in int16, a panel of steps in int32.
#include "passes/Lower/Linear/LinearTile.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/CheckedMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t stepColumns = 16, stepBytes = 128, blockRows = 32, halfRows = 16;
constexpr int64_t stepPairs = stepColumns / 2, tableBytes = 32;

/// Parts of an entry, |e| <= 2 * 128.
constexpr int64_t partBits = 5, maxLow = (1 << partBits) - 1, maxHigh = 256 >> partBits;
static_assert(stepPairs * maxLow <= 255 && stepPairs * maxHigh <= 127);

/// Steps whose tables are kept at once, 32 KiB, and whose sums fit int16.
constexpr int64_t maxPanel = 128;
static_assert(maxPanel * stepPairs * maxLow <= 32767);

/// Rows that share the tables of a panel.
constexpr int64_t pieceBlocks = 128;

class PairKernel {
public:
  PairKernel(LinearBuilder &b, const LinearShape &shape, const LinearArguments &args, Isa isa)
      : b(b), args(args), steps(ceilDiv(shape.in, stepColumns)),
        panel(ceilDiv(steps, ceilDiv(steps, maxPanel))),
        lastTouch(int64_t(ceilDiv(shape.out, blockRows)) * steps * stepBytes - touchBytes),
        touches(findKernelForm(shape.layout, isa).touches && lastTouch >= 0),
        loadsApart(findIsa(isa)->arch == Arch::AArch64) {
    tables = b.onStack({panel * stepPairs * tableBytes}, b.getI8Type());
    totals = b.onStack({pieceBlocks * blockRows}, b.getI32Type());
  }

  void build(Value begin, Value end, Value token,
             llvm::function_ref<void(Value, Value, Value)> finish) {
    b.loop(begin, end, pieceBlocks, [&](Value first) {
      Value blocks = b.min(b.create<arith::SubIOp>(end, first), b.index(pieceBlocks));
      b.loop(b.index(0), b.mul(blocks, blockRows), halfRows,
             [&](Value row) { b.store(b.zero(b.i32s(halfRows)), totals, row); });
      b.loop(b.index(0), b.index(steps), panel, [&](Value from) {
        Value size = b.min(b.create<arith::SubIOp>(b.index(steps), from), b.index(panel));
        b.loop(b.index(0), size, 1, [&](Value step) { makeTables(token, from, step); });
        b.loop(b.index(0), blocks, 1,
               [&](Value block) { addBlock(b.add(first, block), block, from, size); });
      });
      b.loop(b.index(0), blocks, 1,
             [&](Value block) { finish(b.add(first, block), totals, b.mul(block, blockRows)); });
    });
  }

private:
  /// Tables of step `step` of the panel, in the order of their use: byte j of a row, then
  /// its low nibble, columns j and 4 + j, and its high one, columns 8 + j and 12 + j.
  void makeTables(Value token, Value from, Value step) {
    Value column = b.mul(b.add(from, step), stepColumns);
    Value q = b.create<arith::ExtSIOp>(b.i16s(16),
                                       b.load(b.i8s(stepColumns), args.input[0], {token, column}));
    SmallVector<int16_t> first, second;
    for (int16_t code = 0; code < 16; ++code) {
      first.push_back(int16_t(code % 4 - 1));
      second.push_back(int16_t(code / 4 - 1));
    }
    auto times = [&](ArrayRef<int16_t> codes, int64_t lane) -> Value {
      Value t = b.create<arith::ConstantOp>(DenseElementsAttr::get(b.i16s(16), codes));
      return b.create<arith::MulIOp>(b.shuffle(q, q, SmallVector<int64_t>(16, lane)), t);
    };
    Value at = b.mul(step, stepPairs * tableBytes);
    for (int64_t pair = 0; pair < stepPairs; ++pair) {
      int64_t lane = pair / 2 + pair % 2 * 8;
      Value entries = b.add(times(first, lane), times(second, lane + 4));
      Value low = b.create<arith::AndIOp>(entries, b.splatInt(maxLow, 16, 16));
      Value high = b.create<arith::ShRSIOp>(entries, b.splatInt(partBits, 16, 16));
      Value table = b.add(at, pair * tableBytes);
      b.store(b.create<arith::TruncIOp>(b.i8s(16), low), tables, table);
      b.store(b.create<arith::TruncIOp>(b.i8s(16), high), tables, b.add(table, 16));
    }
  }

  /// Byte j of 16 rows, which lie at `at`, in vector j.
  Values loadTurned(Value at) {
    Values v, result;
    if (loadsApart) {
      Value all = b.load(b.i8s(4 * halfRows), args.weights, at);
      for (int64_t j = 0; j < 4; ++j) {
        SmallVector<int64_t> lanes;
        for (int64_t row = 0; row < halfRows; ++row)
          lanes.push_back(4 * row + j);
        result.push_back(b.shuffle(all, all, lanes));
      }
      return result;
    }
    for (int64_t r = 0; r < halfRows; r += 4) { // four rows by four bytes
      Value four = b.load(b.i8s(16), args.weights, b.add(at, 4 * r));
      four = b.shuffle(four, four, {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15});
      v.push_back(b.create<vector::BitCastOp>(b.i32s(4), four));
    }
    for (int64_t two : {0, 2}) { // bytes two and two + 1
      Value top = b.shuffle(v[0], v[1], {two, 4 + two, two + 1, 5 + two});
      Value bottom = b.shuffle(v[2], v[3], {two, 4 + two, two + 1, 5 + two});
      result.push_back(b.shuffle(top, bottom, {0, 1, 4, 5}));
      result.push_back(b.shuffle(top, bottom, {2, 3, 6, 7}));
    }
    for (Value &bytes : result)
      bytes = b.create<vector::BitCastOp>(b.i8s(16), bytes);
    return result;
  }

  Value slice(Value v, int64_t begin) {
    return b.shuffle(
        v, v, {begin, begin + 1, begin + 2, begin + 3, begin + 4, begin + 5, begin + 6, begin + 7});
  }

  /// Adds a panel of steps to the totals of a block.
  void addBlock(Value block, Value inPiece, Value from, Value size) {
    Value start = b.mul(b.add(b.mul(block, steps), from), stepBytes);
    // For each 8 rows: low parts, high parts.
    Values zeros(2 * blockRows / 8, b.zero(b.i16s(8)));
    Values sums = b.loop(b.index(0), size, 1, zeros, [&](Value step, ValueRange carried) {
      Value at = b.add(start, b.mul(step, stepBytes));
      if (touches)
        b.touchAhead(args.weights, at, step, lastTouch);
      Values next(carried.begin(), carried.end());
      // Together they need 26 registers.
      int64_t halves = loadsApart ? 2 : 1;
      for (int64_t half = 0; half < 2; half += halves)
        addHalves(next, at, half, halves, step);
      return next;
    });
    for (int64_t r = 0; r < blockRows; r += 8) {
      Value row = b.add(b.mul(inPiece, blockRows), r);
      Value low = b.create<arith::ExtUIOp>(b.i32s(8), sums[r / 4]);
      Value high = b.create<arith::ExtSIOp>(b.i32s(8), sums[r / 4 + 1]);
      high = b.create<arith::ShLIOp>(high, b.splatInt(partBits, 32, 8));
      b.store(b.add(b.load(b.i32s(8), totals, row), b.add(low, high)), totals, row);
    }
  }

  /// `halves` times 16 rows from `half`: they share the loads of the tables.
  void addHalves(MutableArrayRef<Value> sums, Value at, int64_t half, int64_t halves, Value step) {
    SmallVector<Values> turned;
    for (int64_t h = half; h < half + halves; ++h)
      turned.push_back(loadTurned(b.add(at, h * (stepBytes / 2))));
    SmallVector<std::array<Value, 2>> parts(halves);
    for (int64_t pair = 0; pair < stepPairs; ++pair) {
      Value table = b.add(b.mul(step, stepPairs * tableBytes), pair * tableBytes);
      Value entries[2] = {b.load(b.i8s(16), tables, table),
                          b.load(b.i8s(16), tables, b.add(table, 16))};
      for (int64_t h = 0; h < halves; ++h) {
        Value bytes = turned[h][pair / 2];
        Value index = pair % 2 ? b.create<arith::ShRUIOp>(bytes, b.splatInt(4, 8, 16)).getResult()
                               : b.create<arith::AndIOp>(bytes, b.splatInt(15, 8, 16)).getResult();
        for (int64_t part = 0; part < 2; ++part) {
          Value found = b.create<uk::TableLookupOp>(b.i8s(16), entries[part], index);
          Value &sum = parts[h][part];
          sum = sum ? b.add(sum, found) : found;
        }
      }
    }
    for (int64_t h = 0; h < halves; ++h)
      for (int64_t r = 0; r < halfRows; r += 8) {
        Value *sum = &sums[4 * (half + h) + r / 4];
        Value low = b.create<arith::ExtUIOp>(b.i16s(8), slice(parts[h][0], r));
        Value high = b.create<arith::ExtSIOp>(b.i16s(8), slice(parts[h][1], r));
        sum[0] = b.add(sum[0], low);
        sum[1] = b.add(sum[1], high);
      }
  }

  LinearBuilder &b;
  const LinearArguments &args;
  int64_t steps, panel, lastTouch;
  bool touches;
  bool loadsApart; ///< ld4 turns rows as it loads them.
  Value tables, totals;
};

} // namespace

bool hasPairTables(Layout layout, Isa isa) {
#define LOBIT_PAIR_TABLES(LAYOUT, ISA)                                                             \
  if (layout == Layout::LAYOUT && isa == Isa::ISA)                                                 \
    return true;
#include "passes/Lower/Linear/KernelForms.inc"
  return false;
}

void buildPairTables(LinearBuilder &b, const LinearShape &shape, const LinearArguments &args,
                     Isa isa, Value begin, Value end, Value token,
                     llvm::function_ref<void(Value, Value, Value)> finish) {
  PairKernel(b, shape, args, isa).build(begin, end, token, finish);
}

} // namespace lobit
