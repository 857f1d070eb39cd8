// t2_dot and i8_dot: dot products of weight bytes with int8 activations.
//
// Codes are unsigned, c = t + 1 (2 bits) or c = q + 128 (8 bits), so the sum of the
// activations, once or 128 times, is subtracted at the end. Where the ISA multiplies
// signed bytes only, 2-bit codes are taken as signed and the top bit of 8-bit codes is
// flipped, which makes them q again. int32 sums may wrap in between: they are exact
// modulo 2^32 and the result fits.
#include "passes/Lower/Linear/LinearBuilder.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/CheckedMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t rowGroup = 4;
constexpr int64_t rowBytes = 64; // of one row in one block

// Largest code of t2_dot and of i8_dot; 3 never occurs, layouts are verified.
constexpr int64_t maxCode = 2, maxByte = 255;
constexpr int64_t maxInt8 = 127; // of a code with the top bit flipped: q is never -128
constexpr int64_t maxActivation = 128, maxInt16 = 32767;

/// How many pairs with codes up to `max` an int16 lane can sum.
constexpr int64_t pairAdditions(int64_t max) { return maxInt16 / (2 * max * maxActivation); }
static_assert(pairAdditions(maxCode) == 63 && 63 * 2 * maxCode * maxActivation <= maxInt16);
static_assert(pairAdditions(maxInt8) == 1);
static_assert(pairAdditions(4 * maxCode) == 15 && 15 * 2 * 4 * maxCode * maxActivation <= maxInt16);

/// In place, an int32 lane of plane 3 grows by at most 4 * 64 * maxCode * 128 a block.
constexpr int64_t maxBlocksInPlace = INT32_MAX / (4 * 64 * maxCode * maxActivation);
static_assert(maxBlocksInPlace * 256 > 8000000, "K up to 8 M");

class DotKernel {
public:
  DotKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
            const LinearArguments &args)
      : b(b), shape(shape), form(form), args(args), epilogue(b, shape, args),
        planes(shape.layout == Layout::T2Dot ? 4 : 1), blockColumns(planes * rowBytes),
        blocks(ceilDiv(shape.in, blockColumns)),
        isShort(form.form == Form::Pairs || form.form == Form::Halves),
        flipsTopBit(planes == 1 && (form.form == Form::Halves || form.form == Form::SignedQuads)) {}

  void build() {
    bool grouped = shape.granularity == Granularity::Group;
    int64_t tokens = grouped ? std::min<int64_t>(form.tokens, 2) : form.tokens;
    Value tiles = b.index(ceilDiv(shape.out, rowGroup));
    forShare(b, tiles, args.thread, args.threads, [&](Value tile) {
      forTokenTiles(b, shape, args, tokens, [&](Value token, int64_t count) {
        if (grouped)
          groupedTile(tile, token, count);
        else
          plainTile(tile, token, count);
      });
    });
  }

private:
  /// A piece of a block: `width` bytes of one row and the planes taken from it.
  struct Piece {
    int64_t offset;
    SmallVector<int64_t, 4> planes;
  };

  SmallVector<Piece> wholeBlock(int64_t width) const {
    SmallVector<Piece> pieces;
    for (int64_t offset = 0; offset < rowBytes; offset += width) {
      pieces.push_back({offset, {}});
      for (int64_t p = 0; p < planes; ++p)
        pieces.back().planes.push_back(p);
    }
    return pieces;
  }

  /// Runs `body(acc, piece, offset)` for the pieces of a whole block; `offset` is null or
  /// comes on top of the piece's.
  template <typename Body> Values forPieces(ValueRange carried, Body body) {
    SmallVector<Piece> pieces = wholeBlock(form.width);
    if (form.isRolled)
      return b.loop(b.index(0), b.index(rowBytes), form.width, carried,
                    [&](Value offset, ValueRange inner) {
                      Values acc(inner.begin(), inner.end());
                      body(acc, pieces[0], offset);
                      return acc;
                    });
    Values acc(carried.begin(), carried.end());
    for (const Piece &piece : pieces)
      body(acc, piece, Value());
    return acc;
  }

  /// Group `g` of a block: some planes, or half of one plane when a group has 32 columns.
  SmallVector<Piece> groupOfBlock(int64_t g, int64_t width) const {
    SmallVector<Piece> pieces;
    int64_t begin = g * shape.groupSize, end = begin + shape.groupSize;
    for (int64_t offset = 0; offset < rowBytes; offset += width) {
      Piece piece{offset, {}};
      for (int64_t p = 0; p < planes; ++p)
        if (p * rowBytes + offset >= begin && p * rowBytes + offset < end)
          piece.planes.push_back(p);
      if (!piece.planes.empty())
        pieces.push_back(piece);
    }
    return pieces;
  }

  /// acc + products in int16 lanes.
  Value addShort(Value acc, Value codes, Value x, int64_t max, int64_t additions) {
    if (form.form == Form::Halves)
      return b.create<uk::DotS8HalvesOp>(acc.getType(), acc, codes, x, max, additions);
    return b.create<uk::DotI8PairsOp>(acc.getType(), acc, codes, x, max, additions);
  }

  /// acc + products in int32 lanes.
  Value addWide(Value acc, Value codes, Value x, int64_t max) {
    if (!flipsTopBit)
      return b.create<uk::DotI8Op>(acc.getType(), acc, codes, x, max);
    if (form.form == Form::SignedQuads)
      return b.create<uk::DotS8Op>(acc.getType(), acc, codes, x);
    Value sums = addShort(b.zero(b.i16s(form.width / 2)), codes, x, maxInt8, 1);
    return b.create<uk::WidenAddOp>(acc.getType(), acc, sums);
  }

  Value weightOffset(Value tile, Value block, int64_t row) {
    Value at = b.mul(b.add(b.mul(tile, blocks), block), rowGroup * rowBytes);
    return b.add(at, row * rowBytes);
  }

  Value add(Value at, Value offset) { return offset ? b.add(at, offset) : at; }

  /// One piece for rows r0 .. r0 + rows - 1 and all tokens. `step(r, t, plane, codes, x)`
  /// gets the unpacked codes and the activations. Planes below `inPlace` are not shifted.
  template <typename Step>
  void visit(Value tile, Value block, Value token, int64_t tokens, int64_t r0, int64_t rows,
             const Piece &piece, Value offset, int64_t width, int64_t inPlace, Step step) {
    Values bytes, high;
    for (int64_t r = 0; r < rows; ++r) {
      Value at = weightOffset(tile, block, r0 + r);
      if (piece.offset == 0)
        b.prefetch(args.weights, at, 4096);
      Value loaded = b.load(b.i8s(width), args.weights, add(b.add(at, piece.offset), offset));
      if (flipsTopBit)
        loaded = b.create<arith::XOrIOp>(loaded, b.splatInt(-128, 8, width));
      bytes.push_back(loaded);
      // Planes 2 and 3 in place of pairs: one shift brings both to bits 0..3.
      if (inPlace && form.form == Form::Pairs)
        high.push_back(b.create<arith::ShRUIOp>(bytes.back(), b.splatInt(4, 8, width)));
    }
    for (int64_t plane : piece.planes) {
      Values x;
      for (int64_t t = 0; t < tokens; ++t) {
        Value column = b.add(b.mul(block, blockColumns), plane * rowBytes + piece.offset);
        x.push_back(b.load(b.i8s(width), args.input[0], {b.add(token, t), add(column, offset)}));
      }
      for (int64_t r = 0; r < rows; ++r) {
        Value codes = bytes[r];
        if (planes > 1) {
          bool usesHigh = !high.empty() && plane >= 2;
          codes = b.create<uk::UnpackOp>(codes.getType(), usesHigh ? high[r] : bytes[r],
                                         usesHigh ? plane - 2 : plane, plane < inPlace);
        }
        for (int64_t t = 0; t < tokens; ++t)
          step(r, t, plane, codes, x[t]);
      }
    }
  }

  /// int32 sums [rows][tokens] of whole rows with int32 lanes.
  Values quadSums(Value tile, Value token, int64_t tokens, int64_t r0, int64_t rows) {
    // Signed bytes cannot hold the codes of plane 3 in place; their shift needs no mask.
    int64_t inPlace = planes == 1 || tokens > 1 || blocks > maxBlocksInPlace ? 0
                      : form.form == Form::Quads                             ? planes
                                                                             : planes - 1;
    int64_t copies = std::max<int64_t>(inPlace, 1);
    int64_t lanes = form.width / 4;
    Values zeros(rows * tokens * copies, b.zero(b.i32s(lanes)));
    auto max = [&](int64_t plane) {
      return planes == 1 ? maxByte : plane < inPlace ? maxCode << (2 * plane) : maxCode;
    };
    Values sums =
        b.loop(b.index(0), b.index(blocks), 1, zeros, [&](Value block, ValueRange carried) {
          return forPieces(carried, [&](Values &acc, const Piece &piece, Value offset) {
            visit(tile, block, token, tokens, r0, rows, piece, offset, form.width, inPlace,
                  [&](int64_t r, int64_t t, int64_t plane, Value codes, Value x) {
                    Value &a = acc[(r * tokens + t) * copies + (plane < inPlace ? plane : 0)];
                    a = addWide(a, codes, x, max(plane));
                  });
          });
        });
    Values result;
    for (int64_t i = 0; i < rows * tokens; ++i) {
      Value total = sums[i * copies];
      for (int64_t p = 1; p < copies; ++p) // plane p was summed times 4^p
        total = b.add(total,
                      b.create<arith::ShRSIOp>(sums[i * copies + p], b.splatInt(2 * p, 32, lanes)));
      result.push_back(total);
    }
    return result;
  }

  /// The sums of four rows for each token, by 2 x 2 tiles of 8 columns.
  Values matrixSums(Value tile, Value token, int64_t tokens) {
    constexpr int64_t width = 16;
    SmallVector<int64_t> halves[2];
    for (int64_t i = 0; i < width; ++i)
      for (int64_t half : {0, 1})
        halves[half].push_back(i % 8 + 8 * half + i / 8 * width);
    auto half = [&](Value a, Value c, int64_t which) { return b.shuffle(a, c, halves[which]); };
    // One accumulator for each half, so that no sum waits for the one before.
    int64_t pairs = tokens / 2;
    auto at = [&](int64_t rowPair, int64_t tokenPair, int64_t which) {
      return (rowPair * pairs + tokenPair) * 2 + which;
    };
    Values zeros(rowGroup / 2 * pairs * 2, b.zero(b.i32s(4)));
    Values sums =
        b.loop(b.index(0), b.index(blocks), 1, zeros, [&](Value block, ValueRange carried) {
          Values acc(carried.begin(), carried.end());
          for (int64_t offset = 0; offset < rowBytes; offset += width) {
            Values rows;
            for (int64_t r = 0; r < rowGroup; ++r) {
              Value from = weightOffset(tile, block, r);
              if (offset == 0)
                b.prefetch(args.weights, from, 4096);
              rows.push_back(b.load(b.i8s(width), args.weights, b.add(from, offset)));
            }
            for (int64_t plane = 0; plane < planes; ++plane) {
              Values x;
              Value column = b.add(b.mul(block, blockColumns), plane * rowBytes + offset);
              for (int64_t t = 0; t < tokens; ++t)
                x.push_back(b.load(b.i8s(width), args.input[0], {b.add(token, t), column}));
              for (int64_t which : {0, 1})
                for (int64_t r = 0; r < rowGroup / 2; ++r) {
                  Value codes = half(rows[2 * r], rows[2 * r + 1], which);
                  if (planes > 1)
                    codes = b.create<uk::UnpackOp>(codes.getType(), codes, plane, false);
                  for (int64_t t = 0; t < pairs; ++t) {
                    Value &a = acc[at(r, t, which)];
                    a = b.create<uk::MatmulI8Op>(a.getType(), a, codes,
                                                 half(x[2 * t], x[2 * t + 1], which));
                  }
                }
            }
          }
          return acc;
        });
    Values result;
    for (int64_t t = 0; t < tokens; ++t) {
      Value low = b.add(sums[at(0, t / 2, 0)], sums[at(0, t / 2, 1)]);
      Value high = b.add(sums[at(1, t / 2, 0)], sums[at(1, t / 2, 1)]);
      result.push_back(b.shuffle(low, high, {t % 2, 2 + t % 2, 4 + t % 2, 6 + t % 2}));
    }
    return result;
  }

  /// int32 sums [rows][tokens] of whole rows through int16 lanes.
  Values pairSums(Value tile, Value token, int64_t tokens, int64_t r0, int64_t rows) {
    // In place: one accumulator for planes 0 and 2, one for planes 1 and 3 times 4. Where
    // bytes can be shifted, one accumulator with longer spans is less work.
    bool inPlace = tokens == 1 && form.form == Form::Pairs;
    int64_t copies = inPlace ? 2 : 1, max = inPlace ? 4 * maxCode : maxCode;
    int64_t perBlock = rowBytes / form.width * planes / copies;
    int64_t span = pairAdditions(max) / perBlock, additions = span * perBlock;
    assert(span >= 1 && additions * 2 * max * maxActivation <= maxInt16);
    int64_t count = rows * tokens;

    auto spanSums = [&](Value begin, Value end, ValueRange carried) {
      Values zeros(count * copies, b.zero(b.i16s(form.width / 2)));
      Values pairs = b.loop(begin, end, 1, zeros, [&](Value block, ValueRange inner) {
        return forPieces(inner, [&](Values &acc, const Piece &piece, Value offset) {
          visit(tile, block, token, tokens, r0, rows, piece, offset, form.width,
                inPlace ? planes : 0,
                [&](int64_t r, int64_t t, int64_t plane, Value codes, Value x) {
                  int64_t copy = inPlace ? plane % 2 : 0;
                  Value &a = acc[(r * tokens + t) * copies + copy];
                  a = addShort(a, codes, x, copy ? 4 * maxCode : maxCode, additions);
                });
        });
      });
      Values sums(carried.begin(), carried.end());
      for (int64_t i = 0; i < count; ++i) {
        Type type = sums[i].getType();
        sums[i] = b.create<uk::WidenAddOp>(type, sums[i], pairs[i * copies]);
        if (inPlace) {
          int64_t lanes = form.width / 4;
          Value times4 =
              b.create<uk::WidenAddOp>(type, b.zero(b.i32s(lanes)), pairs[i * copies + 1]);
          sums[i] = b.add(sums[i], b.create<arith::ShRSIOp>(times4, b.splatInt(2, 32, lanes)));
        }
      }
      return sums;
    };
    Values zeros(count, b.zero(b.i32s(form.width / 4)));
    Value end = b.index(blocks);
    if (blocks <= span)
      return spanSums(b.index(0), end, zeros);
    return b.loop(b.index(0), end, span, zeros, [&](Value block, ValueRange carried) {
      return spanSums(block, b.min(b.add(block, span), end), carried);
    });
  }

  Value correction(Value token, Value group) {
    Value sum = b.create<memref::LoadOp>(args.input[2], ValueRange{token, group});
    if (planes == 1)
      sum = b.create<arith::MulIOp>(sum, b.create<arith::ConstantIntOp>(128, 32));
    return b.splat(sum, rowGroup);
  }

  Value fourRows(ArrayRef<Value> sums, int64_t tokens, int64_t t) {
    Values rows;
    for (int64_t r = 0; r < rowGroup; ++r)
      rows.push_back(sums[r * tokens + t]);
    return b.reduce4(rows);
  }

  void plainTile(Value tile, Value token, int64_t tokens) {
    if (form.form == Form::Matrix && tokens > 1) {
      storeTile(tile, token, matrixSums(tile, token, tokens));
      return;
    }
    int64_t rows = tokens == 1 ? form.rows1 : form.rowsN;
    Values sums;
    for (int64_t r0 = 0; r0 < rowGroup; r0 += rows)
      sums.append(isShort && planes > 1 ? pairSums(tile, token, tokens, r0, rows)
                                        : quadSums(tile, token, tokens, r0, rows));
    Values four;
    for (int64_t t = 0; t < tokens; ++t)
      four.push_back(fourRows(sums, tokens, t));
    storeTile(tile, token, four);
  }

  /// `sums` are those of four rows for each token.
  void storeTile(Value tile, Value token, ArrayRef<Value> sums) {
    for (auto [t, d] : llvm::enumerate(sums)) {
      Value at = b.add(token, t);
      Value exact = d;
      if (!flipsTopBit)
        exact = b.create<arith::SubIOp>(d, correction(at, b.index(0)));
      epilogue.storeScaled(exact, b.mul(tile, rowGroup), at);
    }
  }

  /// Adds groups 0 .. groups - 1 of one block to the f32 sums of each token.
  Values groupsOfBlock(Value tile, Value block, Value token, int64_t tokens, int64_t groups,
                       ValueRange carried) {
    int64_t width = std::min(form.width, shape.groupSize);
    int64_t perBlock = blockColumns / shape.groupSize;
    Values acc(carried.begin(), carried.end());
    for (int64_t g = 0; g < groups; ++g) {
      SmallVector<Piece> pieces = groupOfBlock(g, width);
      int64_t additions = 0;
      for (const Piece &piece : pieces)
        additions += piece.planes.size();
      assert(additions <= pairAdditions(maxCode));
      Values sums(rowGroup * tokens, b.zero(isShort ? b.i16s(width / 2) : b.i32s(width / 4)));
      for (const Piece &piece : pieces)
        visit(tile, block, token, tokens, 0, rowGroup, piece, Value(), width, /*inPlace=*/0,
              [&](int64_t r, int64_t t, int64_t, Value codes, Value x) {
                Value &a = sums[r * tokens + t];
                a = isShort ? addShort(a, codes, x, maxCode, additions)
                            : addWide(a, codes, x, maxCode);
              });
      if (isShort)
        for (Value &sum : sums)
          sum = b.create<uk::WidenAddOp>(b.i32s(width / 4), b.zero(b.i32s(width / 4)), sum);
      Value group = b.add(b.mul(block, perBlock), g);
      for (int64_t t = 0; t < tokens; ++t) {
        Value d =
            b.create<arith::SubIOp>(fourRows(sums, tokens, t), correction(b.add(token, t), group));
        acc[t] = epilogue.addGroup(acc[t], d, b.mul(tile, rowGroup), group);
      }
    }
    return acc;
  }

  void groupedTile(Value tile, Value token, int64_t tokens) {
    int64_t perBlock = blockColumns / shape.groupSize;
    int64_t full = shape.groupsPerRow() / perBlock, rest = shape.groupsPerRow() % perBlock;
    Values acc(tokens, b.zero(b.f32s(rowGroup)));
    acc = b.loop(b.index(0), b.index(full), 1, acc, [&](Value block, ValueRange carried) {
      return groupsOfBlock(tile, block, token, tokens, perBlock, carried);
    });
    if (rest != 0)
      acc = groupsOfBlock(tile, b.index(full), token, tokens, rest, acc);
    for (int64_t t = 0; t < tokens; ++t)
      epilogue.storeGrouped(acc[t], b.mul(tile, rowGroup), b.add(token, t));
  }

  LinearBuilder &b;
  const LinearShape &shape;
  const KernelForm &form;
  const LinearArguments &args;
  Epilogue epilogue;
  int64_t planes, blockColumns, blocks;
  bool isShort;     // sums in int16 lanes first
  bool flipsTopBit; // the codes become the weights, there is no correction
};

} // namespace

void buildDotKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                    const LinearArguments &args) {
  DotKernel(b, shape, form, args).build();
}

} // namespace lobit
