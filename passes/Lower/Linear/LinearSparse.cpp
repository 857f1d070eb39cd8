// i6_tile: pair-sparse 6-bit weights, 32 rows along the lanes.
//
// One token: the kept activations of each row are selected as u8 x + 128 and multiplied
// with the s8 codes v, so 128 times the stored sum of the row is subtracted. Several blocks
// of rows are done side by side: more streams ask memory for more lines at a time.
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
constexpr int64_t lastNibble = 6;
constexpr int64_t steps = 4, stepColumns = 16, stepBytes = 192, planeBytes = 64;
constexpr int64_t quadBytes = 4 * blockRows; // of the panel, 4 columns
constexpr int64_t packedQuadBytes = 4 * blockBytes / blockColumns;
/// A page ahead into the second level cache, a quarter of one into the first. Four lines a
/// step: asking for all 14 of a column block at once fills the line buffers.
constexpr int64_t farAhead = 4096, nearAhead = 1024, prefetchLines = 4;

/// Panels are equal shares of the columns, of at most so many blocks of columns. Activations
/// of all tokens that do not stay in the second level cache are asked for one tile ahead; the
/// first level then holds two tiles of them, and a smaller panel.
constexpr int64_t maxPanelBlocks = 12, smallPanelBlocks = 8, chunkTokens = 128;
constexpr int64_t nearActivations = 1 << 20;
static_assert(maxPanelBlocks * blockColumns * blockRows + chunkTokens * blockRows * 4 <= 49152,
              "the stack of any thread holds the panel and the sums");

// |v| <= 32, x + 128 <= 255, v + 32 <= 63, |x| <= 128; two additions in an int16 lane.
constexpr int64_t maxCode = 32, maxBiased = 255, maxDense = 63, maxActivation = 128;
static_assert(2 * 2 * maxBiased * maxCode <= 32767);
static_assert(2 * 2 * maxDense * maxActivation <= 32767);
// Signed: sums of two lanes of two additions, or four additions.
static_assert(4 * maxCode * maxActivation <= 32767);

// Half of the columns are kept; 4 times their sum of products with |x| <= 128 fits.
constexpr int64_t maxColumnsInPlace = (int64_t(1) << 31) / (4 * maxCode * maxActivation) * 2 - 64;
static_assert((maxColumnsInPlace + 64) / 2 * 4 * maxCode * maxActivation <= int64_t(1) << 31);

class SparseKernel {
public:
  SparseKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
               const LinearArguments &args)
      : b(b), shape(shape), form(form), args(args), epilogue(b, shape, args), lanes(form.width / 4),
        slices(planeBytes / form.width), blocks(ceilDiv(shape.in, blockColumns)),
        chunk(std::min(chunkTokens, shape.maxRows)),
        // Of a large tile the codes and activations of two would not fit in the registers.
        quads(form.form == Form::Products ? 4
              : form.width == 64          ? 1
                                          : 2),
        asksForActivations(quads == 1 && chunk * shape.in > nearActivations),
        isSigned(form.form == Form::SignedQuads || form.form == Form::Products),
        reloadsMasks(isSigned), inPlace(form.form == Form::Quads && shape.in <= maxColumnsInPlace) {
  }

  void build() {
    int64_t most = asksForActivations ? smallPanelBlocks : maxPanelBlocks;
    panelBlocks = ceilDiv(blocks, ceilDiv(blocks, most));
    if (shape.maxRows > 1) {
      panel = b.onStack({panelBlocks * blockColumns * blockRows}, b.getI8Type());
      sums = b.onStack({chunk * blockRows}, b.getI32Type());
    }
    Value rowBlocks = b.index(ceilDiv(shape.out, blockRows));
    auto share = b.create<uk::ThreadRangeOp>(b.getIndexType(), b.getIndexType(), rowBlocks,
                                             args.thread, args.threads);
    Value begin = share.getBegin(), end = share.getEnd();
    if (shape.maxRows == 1)
      return oneToken(begin, end);
    b.when(
        b.less(b.add(args.first, 1), args.rows),
        [&] {
          b.loop(args.first, args.rows, chunk, [&](Value token) {
            Value count = b.min(b.create<arith::SubIOp>(args.rows, token), b.index(chunk));
            b.loop(begin, end, 1, [&](Value block) { manyTokens(block, token, count); });
          });
        },
        [&] { oneToken(begin, end); });
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

  /// The masks of a slice of both halves of the rows, as nibbles lastNibble and the next: byte
  /// `step` of a mask is read as the last one of its lane, `at` counts the step. So nothing is
  /// read past the end.
  Values loadLastMasks(Value at) {
    Values masks;
    for (int64_t h = 0; h < 2; ++h) {
      Value bytes = b.load(b.i8s(form.width), args.weights,
                           b.add(at, steps * stepBytes + h * planeBytes - 3));
      masks.push_back(b.create<vector::BitCastOp>(b.i32s(lanes), bytes));
    }
    return masks;
  }

  /// A step of one of several column blocks; nibbles 0 and 1 of the masks are its own.
  struct Part {
    Value at;
    ValueRange masks;
  };

  void prefetch(Value at, int64_t lines) {
    for (int64_t line = 0; line < lines; ++line) {
      b.prefetch(args.weights, at, farAhead + 64 * line, /*locality=*/2);
      b.prefetch(args.weights, at, nearAhead + 64 * line);
    }
  }

  /// Runs `body(step, parts, carried)` for the four steps of 16 columns of the column blocks
  /// at `blocksAt`. `carried` goes around.
  Values forSteps(ArrayRef<Value> blocksAt, ValueRange init,
                  llvm::function_ref<Values(Value, ArrayRef<Part>, ValueRange)> body) {
    Values carried;
    for (Value at : blocksAt)
      carried.append(loadMasks(at));
    int64_t masks = carried.size(), perBlock = 2 * slices;
    carried.append(init.begin(), init.end());
    Values results =
        b.loop(b.index(0), b.index(steps), 1, carried, [&](Value step, ValueRange values) {
          Values next;
          for (Value mask : values.take_front(masks))
            next.push_back(b.create<arith::ShRUIOp>(mask, b.splatInt(8, 32, lanes)));
          SmallVector<Part> parts;
          for (auto [i, at] : llvm::enumerate(blocksAt)) {
            Value share = b.add(at, b.mul(step, blockBytes / steps));
            prefetch(share, prefetchLines);
            parts.push_back(
                {b.add(at, b.mul(step, stepBytes)), values.slice(i * perBlock, perBlock)});
          }
          next.append(body(step, parts, values.drop_front(masks)));
          return next;
        });
    return Values(results.begin() + masks, results.end());
  }

  /// The codes of one slice of a step: plane 2c + h has chunk c of rows 16 h ...
  Values loadCodes(Value at, bool times4) {
    Values parts, codes;
    for (int64_t p = 0; p < 3; ++p)
      parts.push_back(b.load(b.i8s(form.width), args.weights, b.add(at, p * planeBytes)));
    for (int64_t p = 0; p < 4; ++p)
      codes.push_back(
          b.create<uk::UnpackI6Op>(b.i8s(form.width), parts[0], parts[1], parts[2], p, times4));
    return codes;
  }

  //===--- one token ---------------------------------------------------------===//

  /// Blocks begin .. end - 1 of rows, as many side by side as the form says.
  void oneToken(Value begin, Value end) {
    int64_t most = form.rows1 / blockRows;
    auto sideBySide = [&](Value from, Value to, int64_t count) {
      b.loop(from, to, count, [&](Value block) {
        Values together;
        for (int64_t i = 0; i < count; ++i)
          together.push_back(b.add(block, i));
        rowTile(together);
      });
    };
    Value tiled = begin;
    if (most > 1) {
      Value rest = b.create<arith::RemUIOp>(b.create<arith::SubIOp>(end, begin), b.index(most));
      tiled = b.create<arith::SubIOp>(end, rest);
      sideBySide(begin, tiled, most);
    }
    sideBySide(tiled, end, 1);
  }

  /// The first token, in these blocks of rows.
  void rowTile(ArrayRef<Value> together) {
    Values acc;
    for (Value block : together)
      acc.append(firstSums(block));
    acc = b.loop(b.index(0), b.index(blocks), 1, acc, [&](Value column, ValueRange carried) {
      Value first = b.mul(column, blockColumns);
      Values at;
      for (Value block : together)
        at.push_back(columnBlockAt(block, column));
      if (reloadsMasks) { // two slices at a time: all would not fit in the registers
        Values next(2 * slices);
        for (int64_t slice = 0; slice < slices; slice += 2) {
          Values own = {carried[slice], carried[slice + 1], carried[slices + slice],
                        carried[slices + slice + 1]};
          Values sums = addSlices(at[0], first, slice, 2, own);
          for (int64_t i = 0; i < 4; ++i)
            next[i / 2 * slices + slice + i % 2] = sums[i];
        }
        return next;
      }
      return forSteps(at, carried, [&](Value step, ArrayRef<Part> parts, ValueRange values) {
        return oneStep(b.add(first, b.mul(step, stepColumns)), parts, values);
      });
    });
    for (auto [i, sum] : llvm::enumerate(acc)) {
      Value block = together[i / (2 * slices)];
      int64_t row = i % (2 * slices) * lanes;
      if (inPlace)
        sum = b.create<arith::ShRSIOp>(sum, b.splatInt(2, 32, lanes));
      epilogue.storeScaled(sum, b.add(b.mul(block, blockRows), row), args.first);
    }
  }

  /// What biased activations add, subtracted beforehand.
  Values firstSums(Value block) {
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
    return acc;
  }

  /// acc + the products of 16 columns, [part][half][slice].
  Values oneStep(Value column, ArrayRef<Part> parts, ValueRange carried) {
    Values acc(carried.begin(), carried.end()), x;
    for (int64_t c = 0; c < 2; ++c)
      x.push_back(b.load(b.i8s(8), args.input[0], {args.first, b.add(column, 8 * c)}));
    for (auto [i, part] : llvm::enumerate(parts))
      for (int64_t slice = 0; slice < slices; ++slice) {
        Value *sums = &acc[2 * i * slices + slice];
        addSlice({&sums[0], &sums[slices]}, b.add(part.at, slice * form.width), x,
                 {part.masks[slice], part.masks[slices + slice]}, /*nibble=*/0);
      }
    return acc;
  }

  /// The same of all steps of a column block for `count` slices, whose masks are loaded in each
  /// step: [half][slice].
  Values addSlices(Value at, Value column, int64_t slice, int64_t count, ValueRange carried) {
    return b.loop(b.index(0), b.index(steps), 1, carried, [&](Value step, ValueRange values) {
      Values acc(values.begin(), values.end());
      Value share = b.add(at, b.mul(step, blockBytes / steps));
      Value all = b.load(b.i8s(stepColumns), args.input[0],
                         {args.first, b.add(column, b.mul(step, stepColumns))});
      Values x = {b.shuffle(all, all, {0, 1, 2, 3, 4, 5, 6, 7}),
                  b.shuffle(all, all, {8, 9, 10, 11, 12, 13, 14, 15})};
      for (int64_t i = 0; i < count; ++i) {
        // Loads do not pass a prefetch: those of all slices would not fit in the registers.
        prefetch(b.add(share, 64 * (slice + i)), 1);
        int64_t offset = (slice + i) * form.width;
        addSlice({&acc[i], &acc[count + i]}, b.add(b.add(at, b.mul(step, stepBytes)), offset), x,
                 loadLastMasks(b.add(b.add(at, step), offset)), lastNibble);
      }
      return acc;
    });
  }

  /// *acc[h] + the products of a slice, the chunks of which have nibbles `nibble` and the next of
  /// masks[h].
  void addSlice(std::array<Value *, 2> acc, Value at, ArrayRef<Value> x, ArrayRef<Value> masks,
                int64_t nibble) {
    Values codes = loadCodes(at, inPlace);
    for (int64_t h = 0; h < 2; ++h) {
      auto kept = [&](int64_t c) -> Value {
        return b.create<uk::SelectPairsOp>(b.i8s(form.width), x[c], masks[h], nibble + c,
                                           /*biased=*/!isSigned);
      };
      *acc[h] = addProducts(*acc[h], {kept(0), kept(1)}, {codes[h], codes[2 + h]}, maxBiased,
                            inPlace ? 4 * maxCode : maxCode);
    }
  }

  /// acc + the products of a few vectors of bytes. Where products of single bytes are summed,
  /// acc may have two lanes for each row, to be added at the end.
  Value addProducts(Value acc, ArrayRef<Value> lhs, ArrayRef<Value> rhs, int64_t max, int64_t by) {
    int64_t additions = lhs.size();
    if (form.form == Form::Products) {
      Value products = b.zero(b.i16s(form.width));
      for (int64_t i = 0; i < additions; ++i)
        products = b.create<uk::MultiplyAddS8Op>(products.getType(), products, rhs[i], lhs[i],
                                                 maxCode, additions);
      if (acc.getType() == b.i32s(lanes))
        products = b.addAdjacent(products);
      return b.create<uk::WidenAddOp>(acc.getType(), acc, products);
    }
    if (form.form != Form::Pairs) {
      for (int64_t i = 0; i < additions; ++i)
        acc = isSigned ? b.create<uk::DotS8Op>(acc.getType(), acc, lhs[i], rhs[i]).getResult()
                       : b.create<uk::DotI8Op>(acc.getType(), acc, lhs[i], rhs[i], max).getResult();
      return acc;
    }
    Value pairs = b.zero(b.i16s(form.width / 2));
    for (int64_t i = 0; i < additions; ++i)
      pairs =
          b.create<uk::DotI8PairsOp>(pairs.getType(), pairs, lhs[i], rhs[i], max, additions, by);
    return b.create<uk::WidenAddOp>(acc.getType(), acc, pairs);
  }

  //===--- more tokens -------------------------------------------------------===//

  void manyTokens(Value block, Value token, Value count) {
    forVectors(count, [&](Value, Value at, int64_t) { b.store(b.zero(b.i32s(lanes)), sums, at); });
    b.loop(b.index(0), b.index(blocks), panelBlocks, [&](Value from) {
      Value size = b.min(b.create<arith::SubIOp>(b.index(blocks), from), b.index(panelBlocks));
      b.loop(b.index(0), size, 1, [&](Value i) { expand(block, b.add(from, i), i); });
      auto tiles = [&] { panelTiles(block, token, count, from, size); };
      if (chunk < form.leastPanelTokens)
        return tiles();
      b.when(
          b.less(b.index(form.leastPanelTokens - 1), count),
          [&] { multiplyInMemory(block, token, count, from, size); }, tiles);
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
    Value from = columnBlockAt(block, columnBlock);
    Value first = b.mul(to, blockColumns / 4 * quadBytes);
    constexpr int64_t outBytes = stepColumns / 4 * quadBytes;
    if (reloadsMasks) { // slice by slice
      b.loop(b.index(0), b.index(steps * slices), 1, [&](Value i) {
        Value step = b.create<arith::DivUIOp>(i, b.index(slices));
        Value offset = b.mul(b.create<arith::RemUIOp>(i, b.index(slices)), form.width);
        prefetch(b.add(from, b.mul(i, blockBytes / (steps * slices))), 1);
        expandSlice(b.add(b.add(from, b.mul(step, stepBytes)), offset),
                    loadLastMasks(b.add(b.add(from, step), offset)), lastNibble,
                    b.add(b.add(first, b.mul(step, outBytes)), offset));
      });
      return;
    }
    forSteps({from}, {}, [&](Value step, ArrayRef<Part> parts, ValueRange) -> Values {
      ValueRange masks = parts[0].masks;
      for (int64_t slice = 0; slice < slices; ++slice)
        expandSlice(b.add(parts[0].at, slice * form.width), {masks[slice], masks[slices + slice]},
                    /*nibble=*/0, b.add(b.add(first, b.mul(step, outBytes)), slice * form.width));
      return {};
    });
  }

  /// One slice of a step, `masks` of both halves of the rows.
  void expandSlice(Value at, ArrayRef<Value> masks, int64_t nibble, Value out) {
    Values codes = loadCodes(at, /*times4=*/false);
    for (int64_t c = 0; c < 2; ++c)
      for (int64_t h = 0; h < 2; ++h)
        for (int64_t half = 0; half < 2; ++half) {
          Value dense = b.create<uk::ExpandPairsOp>(b.i8s(form.width), codes[2 * c + h], masks[h],
                                                    nibble + c, half);
          if (!isSigned)
            dense = b.add(dense, b.splatInt(maxCode, 8, form.width));
          int64_t quad = 2 * c + half;
          b.store(dense, panel, b.add(out, quad * quadBytes + h * planeBytes));
        }
  }

  /// sums of all tokens plus a panel of `size` column blocks from `columnBlock`; asks for the next.
  void multiplyInMemory(Value block, Value token, Value count, Value columnBlock, Value size) {
    b.create<uk::DotI8PanelOp>(args.input[0], token, b.mul(columnBlock, blockColumns), panel,
                               b.index(0), sums, count, b.mul(size, blockColumns / 4), args.weights,
                               columnBlockAt(block, b.add(columnBlock, size)),
                               b.mul(size, blockBytes));
  }

  /// The same in tiles.
  void panelTiles(Value block, Value token, Value count, Value columnBlock, Value size) {
    Value done = b.index(0);
    for (int64_t tokens = form.tokens; tokens >= 1;
         tokens = llvm::bit_floor(uint64_t(tokens - 1))) {
      Value left = b.create<arith::SubIOp>(count, done);
      Value end = b.create<arith::SubIOp>(count, b.create<arith::RemUIOp>(left, b.index(tokens)));
      b.loop(done, end, tokens, [&](Value i) {
        for (int64_t row = 0; row < blockRows; row += form.rowsN)
          panelTile(block, token, i, tokens, row, columnBlock, size);
      });
      done = end;
    }
  }

  /// Four activations of a token in every int32 lane.
  Value quad(Value token, Value column) {
    Value four = b.load(b.i8s(4), args.input[0], {token, column});
    Value word = b.create<vector::BitCastOp>(b.i32s(1), four);
    word = b.create<vector::ExtractOp>(word, ArrayRef<int64_t>{0});
    return b.create<vector::BitCastOp>(b.i8s(form.width), b.splat(word, lanes));
  }

  /// The quads of activations of a step of a tile.
  Values activations(Value token, Value column) {
    Values x;
    if (form.takesLanes) {
      Value all = b.load(b.i8s(4 * quads), args.input[0], {token, column});
      for (int64_t n = 0; n < quads; ++n)
        x.push_back(b.quadOf(all, n, form.width));
    } else {
      for (int64_t n = 0; n < quads; ++n)
        x.push_back(quad(token, b.add(column, 4 * n)));
    }
    return x;
  }

  /// sums of `tokens` tokens from i and rows row .. row + rowsN - 1, plus a panel of `size`
  /// column blocks from `columnBlock`.
  void panelTile(Value block, Value token, Value i, int64_t tokens, int64_t row, Value columnBlock,
                 Value size) {
    prefetchOutput(block, token, i, tokens);
    int64_t vectors = form.rowsN / lanes;
    auto sumsAt = [&](int64_t t, int64_t v) {
      return b.add(b.mul(b.add(i, t), blockRows), row + v * lanes);
    };
    Values before;
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t v = 0; v < vectors; ++v)
        before.push_back(form.form == Form::Products ? b.zero(b.i32s(2 * lanes))
                                                     : b.load(b.i32s(lanes), sums, sumsAt(t, v)));
    Value end = b.mul(size, blockColumns / 4), first = b.mul(columnBlock, blockColumns);
    Value from = b.add(token, i), nextPanel = columnBlockAt(block, b.add(columnBlock, size));
    Values acc = b.loop(b.index(0), end, quads, before, [&](Value q, ValueRange carried) {
      Values next(carried.begin(), carried.end());
      // The next panel comes from memory while this one is multiplied.
      for (int64_t n = 0; n < quads; ++n)
        b.prefetch(args.weights, b.add(nextPanel, b.mul(b.add(q, n), packedQuadBytes)), 0,
                   /*locality=*/2);
      if (asksForActivations)
        prefetchActivations(b.add(from, tokens), first, q);
      Values codes;
      for (int64_t v = 0; v < vectors; ++v)
        for (int64_t n = 0; n < quads; ++n)
          codes.push_back(
              b.load(b.i8s(form.width), panel,
                     b.add(b.mul(q, quadBytes), n * quadBytes + 4 * row + v * form.width)));
      for (int64_t t = 0; t < tokens; ++t) {
        Values x = activations(b.add(from, t), b.add(first, b.mul(q, 4)));
        for (int64_t v = 0; v < vectors; ++v) {
          Value &a = next[t * vectors + v];
          a = addProducts(a, ArrayRef(codes).slice(v * quads, quads), x, maxDense, maxActivation);
        }
      }
      return next;
    });
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t v = 0; v < vectors; ++v) {
        Value sum = acc[t * vectors + v];
        if (form.form == Form::Products)
          sum = b.add(b.load(b.i32s(lanes), sums, sumsAt(t, v)), b.addAdjacent(sum));
        b.store(sum, sums, sumsAt(t, v));
      }
  }

  /// A line of one of the rows of the next tile. Quad q of 16 in a line asks for row q.
  void prefetchActivations(Value nextTile, Value column, Value q) {
    Value row = b.add(nextTile, b.create<arith::AndIOp>(q, b.index(15)));
    Value line = b.create<arith::AndIOp>(b.mul(q, 4), b.index(-64));
    b.create<memref::PrefetchOp>(args.input[0], ValueRange{row, b.add(column, line)},
                                 /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  }

  /// The rows of y that the epilogue will write.
  void prefetchOutput(Value block, Value token, Value i, int64_t tokens) {
    Value to = b.add(b.create<arith::SubIOp>(token, args.first), i);
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t r = 0; r < blockRows; r += 16)
        b.create<memref::PrefetchOp>(
            args.y, ValueRange{b.add(to, t), b.add(b.mul(block, blockRows), r)}, /*isWrite=*/true,
            /*localityHint=*/3, /*isDataCache=*/true);
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
  int64_t quads;  ///< of columns in a step of a tile
  bool asksForActivations;
  int64_t panelBlocks = 0; ///< of columns in a panel
  bool isSigned;           ///< both operands of a product
  bool reloadsMasks;       ///< in each step: all of them would not fit in the registers
  bool inPlace;            ///< codes times 4, one token
  Value panel, sums;
};

} // namespace

void buildSparseKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                       const LinearArguments &args) {
  SparseKernel(b, shape, form, args).build();
}

} // namespace lobit
