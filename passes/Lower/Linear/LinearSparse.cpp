// i6_tile: pair-sparse 6-bit weights, 32 rows along the lanes.
//
// One token: the kept activations of each row are selected as u8 x + 128 and multiplied
// with the s8 codes v, so 128 times the stored sum of the row is subtracted.
// More tokens: a panel of columns is expanded to dense codes u8 v + 32 on the stack, for
// all tokens; 32 times the sum of all activations is subtracted.
// int32 sums may wrap in between: they are exact modulo 2^32 and the result fits. Where
// the target multiplies signed bytes (SignedQuads), nothing is added and subtracted.
#include "passes/Lower/Linear/LinearBuilder.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/I6Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t blockRows = kI6TileRows, blockColumns = kI6TileColumns;
constexpr int64_t rowSumBytes = kI6TileSums, blockBytes = kI6TileBytes;
constexpr int64_t steps = 4, stepColumns = 16, stepBytes = 192, planeBytes = 64;
constexpr int64_t quadBytes = 4 * blockRows; // of the panel, 4 columns
// Four lines a step: asking for all 14 of a column block at once fills the line buffers.
constexpr int64_t prefetchAhead = 2048, prefetchLines = 4;

constexpr int64_t panelBlocks = 8, chunkTokens = 128;
static_assert(panelBlocks * blockColumns * blockRows + chunkTokens * blockRows * 4 <= 32768,
              "the stack of any thread holds the panel and the sums");

// |v| <= 32, x + 128 <= 255, v + 32 <= 63, |x| <= 128; two additions in an int16 lane.
constexpr int64_t maxCode = 32, maxBiased = 255, maxDense = 63, maxActivation = 128;
static_assert(2 * 2 * maxBiased * maxCode <= 32767);
static_assert(2 * 2 * maxDense * maxActivation <= 32767);

// Half of the columns are kept; 4 times their sum of products with |x| <= 128 fits.
constexpr int64_t maxColumnsInPlace = (int64_t(1) << 31) / (4 * maxCode * maxActivation) * 2 - 64;
static_assert((maxColumnsInPlace + 64) / 2 * 4 * maxCode * maxActivation <= int64_t(1) << 31);

class SparseKernel {
public:
  SparseKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
               const LinearArguments &args)
      : b(b), shape(shape), form(form), args(args), epilogue(b, shape, args), lanes(form.width / 4),
        slices(planeBytes / form.width), blocks(ceilDiv(shape.in, blockColumns)),
        chunk(std::min(chunkTokens, shape.maxRows)), isSigned(form.form == Form::SignedQuads),
        inPlace(form.form == Form::Quads && shape.in <= maxColumnsInPlace) {}

  void build() {
    if (shape.maxRows > 1) {
      panel = b.onStack({panelBlocks * blockColumns * blockRows}, b.getI8Type());
      sums = b.onStack({chunk * blockRows}, b.getI32Type());
    }
    Value rowBlocks = b.index(ceilDiv(shape.out, blockRows));
    forShare(b, rowBlocks, args.thread, args.threads, [&](Value block) {
      if (shape.maxRows == 1)
        return oneToken(block, args.first);
      b.loop(args.first, args.rows, chunk, [&](Value token) {
        Value count = b.min(b.create<arith::SubIOp>(args.rows, token), b.index(chunk));
        b.when(
            b.less(b.index(1), count), [&] { manyTokens(block, token, count); },
            [&] { oneToken(block, token); });
      });
    });
  }

private:
  //===--- the packed weights ------------------------------------------------===//

  Value rowSumsAt(Value block) { return b.mul(block, rowSumBytes + blocks * blockBytes); }

  Value columnBlockAt(Value block, Value columnBlock) {
    return b.add(b.add(rowSumsAt(block), rowSumBytes), b.mul(columnBlock, blockBytes));
  }

  /// The masks of rows 16 half + lanes * slice .., [half][slice].
  Values loadMasks(Value at) {
    Values masks;
    for (int64_t i = 0; i < 2 * slices; ++i) {
      Value bytes =
          b.load(b.i8s(form.width), args.weights, b.add(at, steps * stepBytes + i * form.width));
      masks.push_back(b.create<vector::BitCastOp>(b.i32s(lanes), bytes));
    }
    return masks;
  }

  /// Runs `body(step, at, masks)` for the four steps of 16 columns of a column block;
  /// nibbles 0 and 1 of the masks are those of the step. `carried` goes around.
  Values forSteps(Value at, ValueRange init,
                  llvm::function_ref<Values(Value, Value, ValueRange, ValueRange)> body) {
    Values carried = loadMasks(at);
    int64_t masks = carried.size();
    carried.append(init.begin(), init.end());
    Values results =
        b.loop(b.index(0), b.index(steps), 1, carried, [&](Value step, ValueRange values) {
          Values next;
          for (Value mask : values.take_front(masks))
            next.push_back(b.create<arith::ShRUIOp>(mask, b.splatInt(8, 32, lanes)));
          Value share = b.add(at, b.mul(step, blockBytes / steps));
          for (int64_t line = 0; line < prefetchLines; ++line)
            b.prefetch(args.weights, share, prefetchAhead + 64 * line);
          next.append(body(step, b.add(at, b.mul(step, stepBytes)), values.take_front(masks),
                           values.drop_front(masks)));
          return next;
        });
    return Values(results.begin() + masks, results.end());
  }

  /// The codes of one slice of a step: plane 2c + h has chunk c of rows 16 h ...
  Values loadCodes(Value at, int64_t slice, bool times4) {
    Values parts, codes;
    for (int64_t p = 0; p < 3; ++p)
      parts.push_back(
          b.load(b.i8s(form.width), args.weights, b.add(at, p * planeBytes + slice * form.width)));
    for (int64_t p = 0; p < 4; ++p)
      codes.push_back(
          b.create<uk::UnpackI6Op>(b.i8s(form.width), parts[0], parts[1], parts[2], p, times4));
    return codes;
  }

  //===--- one token ---------------------------------------------------------===//

  void oneToken(Value block, Value token) {
    Values acc;
    for (int64_t i = 0; i < 2 * slices; ++i) {
      if (isSigned) {
        acc.push_back(b.zero(b.i32s(lanes)));
        continue;
      }
      Value stored =
          b.load(b.i8s(form.width), args.weights, b.add(rowSumsAt(block), i * form.width));
      Value sum = b.create<vector::BitCastOp>(b.i32s(lanes), stored);
      Value bias =
          b.create<arith::MulIOp>(sum, b.splatInt(-maxActivation * (inPlace ? 4 : 1), 32, lanes));
      acc.push_back(bias);
    }
    acc = b.loop(b.index(0), b.index(blocks), 1, acc, [&](Value column, ValueRange carried) {
      Value first = b.mul(column, blockColumns);
      return forSteps(columnBlockAt(block, column), carried,
                      [&](Value step, Value at, ValueRange masks, ValueRange values) {
                        Value from = b.add(first, b.mul(step, stepColumns));
                        return oneStep(token, from, at, masks, values);
                      });
    });
    for (int64_t i = 0; i < 2 * slices; ++i) {
      Value d = acc[i];
      if (inPlace)
        d = b.create<arith::ShRSIOp>(d, b.splatInt(2, 32, lanes));
      epilogue.storeScaled(d, b.add(b.mul(block, blockRows), i * lanes), token);
    }
  }

  /// acc + the products of 16 columns.
  Values oneStep(Value token, Value column, Value at, ValueRange masks, ValueRange carried) {
    Values acc(carried.begin(), carried.end()), x;
    for (int64_t c = 0; c < 2; ++c)
      x.push_back(b.load(b.i8s(8), args.input[0], {token, b.add(column, 8 * c)}));
    for (int64_t slice = 0; slice < slices; ++slice) {
      Values codes = loadCodes(at, slice, inPlace);
      for (int64_t h = 0; h < 2; ++h) {
        Value &a = acc[h * slices + slice];
        auto kept = [&](int64_t c) -> Value {
          return b.create<uk::SelectPairsOp>(b.i8s(form.width), x[c], masks[h * slices + slice], c,
                                             /*biased=*/!isSigned);
        };
        a = addProducts(a, {kept(0), kept(1)}, {codes[h], codes[2 + h]}, maxBiased,
                        inPlace ? 4 * maxCode : maxCode);
      }
    }
    return acc;
  }

  /// acc + the products of two vectors of bytes.
  Value addProducts(Value acc, ArrayRef<Value> lhs, ArrayRef<Value> rhs, int64_t max, int64_t by) {
    if (form.form != Form::Pairs) {
      for (int64_t i = 0; i < 2; ++i)
        acc = isSigned ? b.create<uk::DotS8Op>(acc.getType(), acc, lhs[i], rhs[i]).getResult()
                       : b.create<uk::DotI8Op>(acc.getType(), acc, lhs[i], rhs[i], max).getResult();
      return acc;
    }
    Value pairs = b.zero(b.i16s(form.width / 2));
    for (int64_t i = 0; i < 2; ++i)
      pairs = b.create<uk::DotI8PairsOp>(pairs.getType(), pairs, lhs[i], rhs[i], max,
                                         /*additions=*/2, by);
    return b.create<uk::WidenAddOp>(acc.getType(), acc, pairs);
  }

  //===--- more tokens -------------------------------------------------------===//

  void manyTokens(Value block, Value token, Value count) {
    forVectors(count, [&](Value, Value at, int64_t) { b.store(b.zero(b.i32s(lanes)), sums, at); });
    b.loop(b.index(0), b.index(blocks), panelBlocks, [&](Value from) {
      Value size = b.min(b.create<arith::SubIOp>(b.index(blocks), from), b.index(panelBlocks));
      b.loop(b.index(0), size, 1, [&](Value i) { expand(block, b.add(from, i), i); });
      Value done = b.index(0);
      for (int64_t tokens = form.tokens; tokens >= 1; tokens /= 2) {
        Value left = b.create<arith::SubIOp>(count, done);
        Value end = b.create<arith::SubIOp>(count, b.create<arith::RemUIOp>(left, b.index(tokens)));
        b.loop(done, end, tokens, [&](Value i) {
          for (int64_t row = 0; row < blockRows; row += form.rowsN)
            panelTile(token, i, tokens, row, b.mul(from, blockColumns), size);
        });
        done = end;
      }
    });
    forVectors(count, [&](Value i, Value at, int64_t row) {
      Value d = b.load(b.i32s(lanes), sums, at);
      if (!isSigned) {
        Value all =
            b.create<memref::LoadOp>(args.input[2], ValueRange{b.add(token, i), b.index(0)});
        Value bias = b.create<arith::MulIOp>(all, b.create<arith::ConstantIntOp>(maxCode, 32));
        d = b.create<arith::SubIOp>(d, b.splat(bias, lanes));
      }
      epilogue.storeScaled(d, b.add(b.mul(block, blockRows), row), b.add(token, i));
    });
  }

  /// `body(i, at, row)` for the vectors of rows of each token i; `at` is in `sums`.
  void forVectors(Value count, llvm::function_ref<void(Value, Value, int64_t)> body) {
    b.loop(b.index(0), count, 1, [&](Value i) {
      for (int64_t row = 0; row < blockRows; row += lanes)
        body(i, b.add(b.mul(i, blockRows), row), row);
    });
  }

  /// Writes a column block as dense codes, [quad of columns][row][4 bytes].
  void expand(Value block, Value columnBlock, Value to) {
    Value first = b.mul(to, blockColumns / 4 * quadBytes);
    forSteps(columnBlockAt(block, columnBlock), {},
             [&](Value step, Value at, ValueRange masks, ValueRange) -> Values {
               Value out = b.add(first, b.mul(step, stepColumns / 4 * quadBytes));
               for (int64_t slice = 0; slice < slices; ++slice) {
                 Values codes = loadCodes(at, slice, /*times4=*/false);
                 for (int64_t c = 0; c < 2; ++c)
                   for (int64_t h = 0; h < 2; ++h)
                     for (int64_t half = 0; half < 2; ++half) {
                       Value dense = b.create<uk::ExpandPairsOp>(
                           b.i8s(form.width), codes[2 * c + h], masks[h * slices + slice], c, half);
                       if (!isSigned)
                         dense = b.add(dense, b.splatInt(maxCode, 8, form.width));
                       int64_t quad = 2 * c + half;
                       b.store(dense, panel,
                               b.add(out, quad * quadBytes + h * planeBytes + slice * form.width));
                     }
               }
               return {};
             });
  }

  /// Four activations of a token in every int32 lane.
  Value quad(Value token, Value column) {
    Value four = b.load(b.i8s(4), args.input[0], {token, column});
    Value word = b.create<vector::BitCastOp>(b.i32s(1), four);
    word = b.create<vector::ExtractOp>(word, ArrayRef<int64_t>{0});
    return b.create<vector::BitCastOp>(b.i8s(form.width), b.splat(word, lanes));
  }

  /// sums of `tokens` tokens from i and rows row .. row + rowsN - 1, plus a panel of `size`
  /// column blocks from column `first`.
  void panelTile(Value token, Value i, int64_t tokens, int64_t row, Value first, Value size) {
    int64_t vectors = form.rowsN / lanes;
    auto sumsAt = [&](int64_t t, int64_t v) {
      return b.add(b.mul(b.add(i, t), blockRows), row + v * lanes);
    };
    Values before;
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t v = 0; v < vectors; ++v)
        before.push_back(b.load(b.i32s(lanes), sums, sumsAt(t, v)));
    Value end = b.mul(size, blockColumns / 4);
    Value from = b.add(token, i);
    Values acc = b.loop(b.index(0), end, 2, before, [&](Value q, ValueRange carried) {
      Values next(carried.begin(), carried.end());
      Values codes;
      for (int64_t n = 0; n < 2; ++n)
        for (int64_t v = 0; v < vectors; ++v)
          codes.push_back(
              b.load(b.i8s(form.width), panel,
                     b.add(b.mul(q, quadBytes), n * quadBytes + 4 * row + v * form.width)));
      for (int64_t t = 0; t < tokens; ++t) {
        Value column = b.add(first, b.mul(q, 4)), at = b.add(from, t);
        Value x[2] = {quad(at, column), quad(at, b.add(column, 4))};
        for (int64_t v = 0; v < vectors; ++v) {
          Value &a = next[t * vectors + v];
          a = addProducts(a, {codes[v], codes[vectors + v]}, x, maxDense, maxActivation);
        }
      }
      return next;
    });
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t v = 0; v < vectors; ++v)
        b.store(acc[t * vectors + v], sums, sumsAt(t, v));
  }

  LinearBuilder &b;
  const LinearShape &shape;
  const KernelForm &form;
  const LinearArguments &args;
  Epilogue epilogue;
  int64_t lanes;  ///< rows in a vector
  int64_t slices; ///< vectors in a plane
  int64_t blocks; ///< of columns
  int64_t chunk;  ///< tokens that share a panel
  bool isSigned;  ///< both operands of a product
  bool inPlace;   ///< codes times 4, one token
  Value panel, sums;
};

} // namespace

void buildSparseKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                       const LinearArguments &args) {
  SparseKernel(b, shape, form, args).build();
}

} // namespace lobit
