// t2_tile, many tokens, without VNNI: vectors of 16 tokens are looked up instead of
// multiplied. A byte of t2_tile holds four codes of one row; for each of the four columns
// that it covers, a table has the int16 sum t0 q0 + t1 q1 + t2 q2 + t3 q3 of 16 tokens at
// every value c0 + 4 c1 + 16 c2 + 64 c3 of the byte. One load and one addition do 64
// multiplications. Entries of several groups of 16 tokens may lie side by side, so that a
// byte is read once for all of them.
//
// A thread walks its rows in pieces. For a piece, tables of a slab of columns are made,
// then used for all rows; int16 sums are widened within the bound, and at the end of the
// row turned from [row][token] into the [token][row] that the epilogue reads.
#include "passes/Lower/Linear/LinearTile.h"

#include "runtime/format/CheckedMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t tokens = tableTokens;
constexpr int64_t stepColumns = 16, stepTables = 4, stepBytes = 128, blockRows = 32;
constexpr int64_t entries = 171; // the largest byte is 2 + 8 + 32 + 128
constexpr int64_t slabSteps = 2;

/// Slabs whose int16 sums are kept: each table adds at most 4 * 128.
constexpr int64_t spanSlabs = 7, maxInt16 = 32767;
static_assert(spanSlabs * slabSteps * stepTables * 4 * 128 <= maxInt16);

/// For up to `tokens` tokens: entries of tables, columns of activations, sums of a piece.
struct TableBuffers {
  TableBuffers(LinearBuilder &b, int64_t rows, int64_t tokens)
      : tables(b.onStack({slabSteps * stepTables * entries * tokens}, b.getI16Type())),
        columns(b.onStack({slabSteps * stepColumns * tokens}, b.getI16Type())),
        narrow(b.onStack({rows * tokens}, b.getI16Type())),
        wide(b.onStack({rows * tokens}, b.getI32Type())) {}

  Value tables, columns, narrow, wide;
};

class TableKernel : TableBuffers {
public:
  TableKernel(LinearBuilder &b, const LinearShape &shape, const TableForm &form,
              const LinearArguments &args, const TableBuffers &buffers, int64_t groups)
      : TableBuffers(buffers), b(b), args(args), steps(ceilDiv(shape.in, stepColumns)),
        slabs(ceilDiv(steps, slabSteps)), pieceBlocks(form.rows / blockRows), groups(groups),
        width(groups * tokens) {}

  void build(Value begin, Value end, Value token, Value count,
             llvm::function_ref<void(Value, Value)> finish) {
    b.loop(begin, end, pieceBlocks, [&](Value first) {
      Value blocks = b.min(b.create<arith::SubIOp>(end, first), b.index(pieceBlocks));
      Value rows = b.mul(blocks, blockRows);
      forEachSum(rows, [&](Value at) { b.store(b.zero(b.i32s(tokens)), wide, at); });
      b.loop(b.index(0), b.index(slabs), spanSlabs, [&](Value span) {
        Value last = b.min(b.add(span, spanSlabs), b.index(slabs));
        forEachSum(rows, [&](Value at) { b.store(b.zero(b.i16s(tokens)), narrow, at); });
        b.loop(span, last, 1, [&](Value slab) {
          makeTables(slab, token, count);
          addSlab(first, blocks, slab);
        });
        forEachSum(rows, [&](Value at) {
          Value sum = b.create<arith::ExtSIOp>(b.i32s(tokens), b.load(b.i16s(tokens), narrow, at));
          b.store(b.add(b.load(b.i32s(tokens), wide, at), sum), wide, at);
        });
      });
      b.loop(b.index(0), blocks, 1,
             [&](Value block) { finish(b.add(first, block), b.mul(block, blockRows)); });
    });
  }

  /// Rows row .. row + 31 of the piece as [token][32 rows] in `sums`.
  void transposeBlock(Value row, Value sums) {
    VectorType four = b.i32s(4);
    b.loop(b.index(0), b.index(blockRows), 4, [&](Value r) {
      for (int64_t t = 0; t < width; t += 4) {
        Values v;
        for (int64_t i = 0; i < 4; ++i)
          v.push_back(b.load(four, wide, b.add(b.mul(b.add(b.add(row, r), i), width), t)));
        Value low01 = b.shuffle(v[0], v[1], {0, 4, 1, 5}),
              high01 = b.shuffle(v[0], v[1], {2, 6, 3, 7});
        Value low23 = b.shuffle(v[2], v[3], {0, 4, 1, 5}),
              high23 = b.shuffle(v[2], v[3], {2, 6, 3, 7});
        Value turned[4] = {
            b.shuffle(low01, low23, {0, 1, 4, 5}), b.shuffle(low01, low23, {2, 3, 6, 7}),
            b.shuffle(high01, high23, {0, 1, 4, 5}), b.shuffle(high01, high23, {2, 3, 6, 7})};
        for (int64_t i = 0; i < 4; ++i)
          b.store(turned[i], sums, b.add(r, (t + i) * blockRows));
      }
    });
  }

private:
  void forEachSum(Value rows, llvm::function_ref<void(Value)> body) {
    b.loop(b.index(0), b.mul(rows, groups), 1, [&](Value sum) { body(b.mul(sum, tokens)); });
  }

  /// Columns of a step as int16 [column][token]; past the last token the last is repeated,
  /// past the last step they are zero.
  void turnColumns(Value slab, int64_t inSlab, Value token, Value count, int64_t group) {
    Value step = b.add(b.mul(slab, slabSteps), inSlab);
    bool exists = inSlab == 0 || steps % slabSteps == 0;
    Value column = b.mul(exists ? step : b.min(step, b.index(steps - 1)), stepColumns);
    Value lastToken = b.create<arith::SubIOp>(count, b.index(1));
    Values v;
    for (int64_t t = 0; t < tokens; ++t)
      v.push_back(b.load(b.i8s(stepColumns), args.input[0],
                         {b.add(token, b.min(b.index(group * tokens + t), lastToken)), column}));
    // Four rounds of interleaving vectors i and i + 8 turn 16 x 16 bytes.
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < 8; ++i) {
      low.append({i, 16 + i});
      high.append({8 + i, 24 + i});
    }
    for (int64_t round = 0; round < 4; ++round) {
      Values next;
      for (int64_t i = 0; i < 8; ++i) {
        next.push_back(b.shuffle(v[i], v[i + 8], low));
        next.push_back(b.shuffle(v[i], v[i + 8], high));
      }
      v = next;
    }
    for (int64_t c = 0; c < stepColumns; ++c) {
      Value wideColumn = b.create<arith::ExtSIOp>(b.i16s(tokens), v[c]);
      if (!exists)
        wideColumn = b.create<arith::SelectOp>(b.less(step, b.index(steps)), wideColumn,
                                               b.zero(b.i16s(tokens)));
      b.store(wideColumn, columns, b.index((inSlab * stepColumns + c) * width + group * tokens));
    }
  }

  void makeTables(Value slab, Value token, Value count) {
    for (int64_t group = 0; group < groups; ++group)
      makeTables(slab, token, count, group);
  }

  void makeTables(Value slab, Value token, Value count, int64_t group) {
    for (int64_t s = 0; s < slabSteps; ++s)
      turnColumns(slab, s, token, count, group);
    auto plus = [&](Value a, Value c) -> Value { return b.create<arith::AddIOp>(a, c); };
    auto minus = [&](Value a, Value c) -> Value { return b.create<arith::SubIOp>(a, c); };
    b.loop(b.index(0), b.index(slabSteps), 1, [&](Value s) {
      b.loop(b.index(0), b.index(stepTables), 1, [&](Value j) {
        Value x[4];
        for (int64_t p = 0; p < 4; ++p) {
          Value column = b.add(b.add(b.mul(s, stepColumns), j), 4 * p);
          x[p] = b.load(b.i16s(tokens), columns, b.add(b.mul(column, width), group * tokens));
        }
        Value table = b.add(b.mul(b.add(b.mul(s, stepTables), j), entries * width), group * tokens);
        auto codes = [&](Value base, Value term) -> std::array<Value, 3> {
          return {minus(base, term), base, plus(base, term)};
        };
        std::array<Value, 3> third = codes(b.zero(b.i16s(tokens)), x[3]);
        for (int64_t c3 = 0; c3 < 3; ++c3) {
          std::array<Value, 3> second = codes(third[c3], x[2]);
          for (int64_t c2 = 0; c2 < 3; ++c2) {
            std::array<Value, 3> first = codes(second[c2], x[1]);
            for (int64_t c1 = 0; c1 < 3; ++c1) {
              std::array<Value, 3> all = codes(first[c1], x[0]);
              for (int64_t c0 = 0; c0 < 3; ++c0)
                b.store(all[c0], tables, b.add(table, (c0 + 4 * c1 + 16 * c2 + 64 * c3) * width));
            }
          }
        }
      });
    });
  }

  void addSlab(Value first, Value blocks, Value slab) {
    b.loop(b.index(0), blocks, 1, [&](Value block) {
      Value start = b.mul(b.add(first, block), steps);
      Values at;
      for (int64_t s = 0; s < slabSteps; ++s) {
        Value step = b.add(b.mul(slab, slabSteps), s);
        if (steps % slabSteps != 0)
          step = b.min(step, b.index(steps - 1));
        at.push_back(b.mul(b.add(start, step), stepBytes));
        // The next slab's: blocks are too far apart for the hardware to guess.
        for (int64_t line = 0; line < stepBytes; line += 64)
          b.prefetch(args.weights, at.back(), slabSteps * stepBytes + line, /*locality=*/2);
      }
      b.loop(b.index(0), b.index(blockRows), 1, [&](Value r) {
        Value sum = b.mul(b.add(b.mul(block, blockRows), r), width);
        auto sumOf = [&](int64_t group) { return b.add(sum, group * tokens); };
        // Two sums for each group.
        SmallVector<std::array<Value, 2>> acc;
        for (int64_t group = 0; group < groups; ++group)
          acc.push_back({b.load(b.i16s(tokens), narrow, sumOf(group)), Value()});
        for (int64_t s = 0; s < slabSteps; ++s) {
          // Four loads of bytes are fewer instructions than one load and shifts.
          for (int64_t j = 0; j < stepTables; ++j) {
            Value byte = b.create<memref::LoadOp>(args.weights,
                                                  ValueRange{b.add(b.add(at[s], b.mul(r, 4)), j)});
            Value entry = b.create<arith::IndexCastUIOp>(b.getIndexType(), byte);
            Value from = b.add(b.mul(entry, width), (s * stepTables + j) * entries * width);
            for (int64_t group = 0; group < groups; ++group) {
              Value value = b.load(b.i16s(tokens), tables, b.add(from, group * tokens));
              Value &a = acc[group][j % 2];
              a = a ? b.add(a, value) : value;
            }
          }
        }
        for (int64_t group = 0; group < groups; ++group)
          b.store(b.add(acc[group][0], acc[group][1]), narrow, sumOf(group));
      });
    });
  }

  LinearBuilder &b;
  const LinearArguments &args;
  int64_t steps, slabs, pieceBlocks, groups;
  int64_t width; ///< tokens of an entry
};

} // namespace

std::optional<TableForm> findTableForm(Layout layout, Isa isa) {
#define LOBIT_TABLE_FORM(LAYOUT, ISA, rows, leastTokens, groups)                                   \
  if (layout == Layout::LAYOUT && isa == Isa::ISA)                                                 \
    return TableForm{rows, leastTokens, groups};
#include "passes/Lower/Linear/KernelForms.inc"
  return std::nullopt;
}

Value buildTableTokens(LinearBuilder &b, const LinearShape &shape, const TableForm &form,
                       const LinearArguments &args, Value begin, Value end, Value sums,
                       llvm::function_ref<void(Value, Value, Value)> finish) {
  TableBuffers buffers(b, form.rows, form.groups * tokens);
  auto tile = [&](int64_t groups, Value token, Value count) {
    TableKernel kernel(b, shape, form, args, buffers, groups);
    kernel.build(begin, end, token, count, [&](Value block, Value row) {
      kernel.transposeBlock(row, sums);
      finish(block, token, count);
    });
  };
  auto restOf = [&](Value first, int64_t size) -> Value {
    return b.create<arith::RemUIOp>(b.create<arith::SubIOp>(args.rows, first), b.index(size));
  };
  Value first = args.first;
  if (form.groups > 1) {
    int64_t together = form.groups * tokens;
    Value stop = b.create<arith::SubIOp>(args.rows, restOf(first, together));
    b.loop(first, stop, together,
           [&](Value token) { tile(form.groups, token, b.index(together)); });
    first = stop;
  }
  // Whole tiles of tokens, and a last one of at least `leastTokens`.
  Value rest = restOf(first, tokens);
  Value few = b.less(rest, b.index(form.leastTokens));
  Value left = b.create<arith::SelectOp>(few, rest, b.index(0));
  Value stop = b.create<arith::SubIOp>(args.rows, left);
  b.loop(first, stop, tokens, [&](Value token) {
    tile(1, token, b.min(b.create<arith::SubIOp>(stop, token), b.index(tokens)));
  });
  return stop;
}

} // namespace lobit
