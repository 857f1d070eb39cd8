// t2_tile, b3_tile, i4_tile and i8_tile: rows along the lanes, four columns of a row in the four
// bytes of an int32 lane, so that a quad of activations is broadcast and no sum crosses lanes.
//
// Codes are unsigned as in t2_dot and i8_dot (LinearDot.cpp): the sum of the activations
// is subtracted at the end, unless the top bit of int8 codes is flipped for an ISA that
// multiplies signed bytes only. Sums of all tokens go through a small buffer on the stack;
// scale, bias and store are one loop over it.
#include "passes/Lower/Linear/LinearTile.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/CheckedMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t blockRows = tileRows;
constexpr int64_t stepBytes = 128;   // of one block of rows
constexpr int64_t epilogueRows = 16; // at once

/// One token reads evenly: a page ahead.
constexpr int64_t farAhead = 4096;
/// Several tokens: while a window of steps is multiplied, the next one is asked for, its pages side
/// by side: memory delivers pages together faster than one behind the other. That is into the
/// second level cache; into the first, in order and a quarter of a page ahead.
constexpr int64_t windowSteps = 256, windowPages = 8, nearAhead = 1024;
constexpr int64_t pageSteps = windowSteps / windowPages;
static_assert(pageSteps * stepBytes == 4096);

/// Tokens whose sums are kept at once; the weights are read once for all of them.
constexpr int64_t maxChunk = 192;
/// Most steps of unpacked weights kept at once, 512 bytes each.
constexpr int64_t maxPanelSteps = 48;
/// Tokens of the tile that unpacks a panel.
constexpr int64_t unpackingTokens = 8;
/// Most quads of columns of a panel that is multiplied in memory, 128 bytes each, and what its
/// quads are a multiple of where there are as many.
constexpr int64_t maxMemoryQuads = 128, memoryQuads = 16;

/// The bytes of a layout: `planes` planes of codes 0..max, a code less `zero` is the weight's.
struct Coding {
  int64_t planes, max, zero;
};

constexpr int64_t maxCode = 2, maxNibble = 15;

constexpr Coding codingOf(Layout layout) {
  switch (layout) {
  case Layout::T2Tile:
    return {4, maxCode, 1};
  case Layout::B3Tile:
    return {5, maxCode, 1};
  case Layout::I4Tile:
    return {2, maxNibble, 8};
  default:
    return {1, 255, 128}; // i8_tile
  }
}

constexpr int64_t maxActivation = 128, maxInt16 = 32767;

/// `planes` planes of codes up to `max` of `steps` steps in an int16 lane.
constexpr int64_t pairBound(int64_t steps, int64_t planes, int64_t max) {
  return steps * planes * 2 * max * maxActivation;
}
/// Steps before int16 lanes are widened: all planes shifted down, or up to three beside
/// two times 4.
constexpr int64_t shiftedSpan(int64_t planes) { return maxInt16 / pairBound(1, planes, maxCode); }
constexpr int64_t inPlaceSpan = 7;
static_assert(shiftedSpan(4) == 15 && shiftedSpan(5) == 12);
/// Products with codes up to `max` that an int16 lane can sum.
constexpr int64_t productsInLane(int64_t max) { return maxInt16 / (max * maxActivation); }
constexpr int64_t maxInt8 = 127; // of a code with the top bit flipped: q is never -128
static_assert(productsInLane(maxCode) == 127 && productsInLane(maxNibble) == 17 &&
              productsInLane(maxInt8) == 2);
static_assert(pairBound(inPlaceSpan, 3, maxCode) <= maxInt16);
static_assert(pairBound(inPlaceSpan, 2, 4 * maxCode) <= maxInt16);

/// In place, an int32 lane of plane 3 grows by at most 4 * 64 * maxCode * 128 a step.
constexpr int64_t maxStepsInPlace = INT32_MAX / (4 * 64 * maxCode * maxActivation);
static_assert(maxStepsInPlace * 16 > 500000, "longer rows are shifted");

/// Where the codes of a plane are left: at bits 0 and 1; or also at bits 2 and 3, where
/// they count 4 times; or wherever they are stored.
enum class Unpack { Down, Low, InPlace };

/// Vectors of one plane that count 4^power times.
struct Plane {
  Values codes;
  int64_t power = 0;
};

class TileKernel {
public:
  TileKernel(LinearBuilder &b, const LinearShape &shape, Isa isa, const LinearArguments &args)
      : b(b), shape(shape), isa(isa), form(findKernelForm(shape.layout, isa)), args(args),
        epilogue(b, shape, args), coding(codingOf(shape.layout)), planes(coding.planes),
        steps(roundUp(shape.in, findLayout(shape.layout)->columnBlock) / (4 * planes)),
        panelSteps(stepsOfPanel()), together(form.takesLanes && planes == 1 ? 4 : 1),
        chunk(std::min(maxChunk, shape.maxRows)), lanes(form.width / 4),
        lastTouch(int64_t(ceilDiv(shape.out, blockRows)) * steps * stepBytes - touchBytes) {}

  void build() {
    bool grouped = shape.granularity == Granularity::Group;
    std::optional<TableForm> tables = findTableForm(shape.layout, isa);
    bool usesTables = tables && !grouped && shape.maxRows >= tables->leastTokens;
    // One row more for a tile of an even number of tokens that ends after the last.
    int64_t kept = std::max<int64_t>(chunk + 1, usesTables ? tableTokens * tables->groups : 0);
    sums = b.onStack({kept * blockRows}, b.getI32Type());
    if (usesPanel() || (multipliesInMemory() && planes > 1))
      panel = b.onStack({panelSteps * planes * stepBytes}, b.getI8Type());
    if (grouped)
      totals = b.onStack({chunk * blockRows}, b.getF32Type());
    auto share = b.create<uk::ThreadRangeOp>(b.getIndexType(), b.getIndexType(),
                                             b.index(ceilDiv(shape.out, blockRows)), args.thread,
                                             args.threads);
    Value first = args.first;
    if (usesTables)
      first = buildTableTokens(b, shape, *tables, args, share.getBegin(), share.getEnd(), sums,
                               [&](Value block, Value token, Value count) {
                                 storePlain(block, token, b.index(0), count, sums, b.index(0),
                                            /*unsignedCodes=*/false);
                               });
    // All rows for one chunk of tokens: its activations stay in the second level cache, and to
    // read weights again takes memory less time than their products.
    auto chunks = [&] {
      b.loop(first, args.rows, chunk, [&](Value token) {
        Value left = b.create<arith::SubIOp>(args.rows, token);
        Value count = chunk == 1 ? b.index(1) : b.min(left, b.index(chunk));
        b.loop(share.getBegin(), share.getEnd(), 1, [&](Value block) {
          if (grouped)
            groupedChunk(block, token, count);
          else
            plainChunk(block, token, count);
        });
      });
    };
    if (grouped || !hasPairTables(shape.layout, isa))
      return chunks();
    auto pairs = [&] {
      buildPairTables(b, shape, args, isa, share.getBegin(), share.getEnd(), first,
                      [&](Value block, Value totals, Value at) {
                        storePlain(block, first, b.index(0), b.index(1), totals, at,
                                   /*unsignedCodes=*/false);
                      });
    };
    Value isOne = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                          b.create<arith::SubIOp>(args.rows, first), b.index(1));
    b.when(isOne, pairs, chunks);
  }

private:
  bool hasTwoBitPlanes() const { return coding.max == maxCode; }

  bool flipsTopBit() const {
    return planes == 1 && (form.form == Form::SignedQuads || form.form == Form::Products);
  }

  int64_t vectors() const { return stepBytes / form.width; }

  bool multipliesInMemory() const { return chunk >= form.leastPanelTokens; }

  /// Unpacking once pays when there are several tiles and unpacking costs a dot product.
  bool usesPanel() const {
    return planes > 1 && form.form == Form::Quads && form.rowsN == blockRows &&
           chunk > form.tokens && form.tokens + 1 < form.leastPanelTokens;
  }

  /// Equal shares of the columns.
  int64_t stepsOfPanel() const {
    int64_t most = multipliesInMemory() ? maxMemoryQuads / planes : maxPanelSteps;
    int64_t share = ceilDiv(steps, ceilDiv(steps, most));
    return multipliesInMemory() ? roundUp(share, memoryQuads / std::gcd(memoryQuads, planes))
                                : share;
  }

  //===--- chunks ------------------------------------------------------------===//

  void plainChunk(Value block, Value token, Value count) {
    sumColumns(block, token, count, b.index(0), b.index(steps), [&](Value from, Value to) {
      storePlain(block, token, from, to, sums, b.index(0), !flipsTopBit());
    });
  }

  /// Tokens from .. to - 1 of the chunk, whose int32 sums [tokens][blockRows] begin at
  /// `start` of `buffer`. `unsignedCodes`: the sums are of c, not of t or q.
  void storePlain(Value block, Value token, Value from, Value to, Value buffer, Value start,
                  bool unsignedCodes) {
    forExistingRows(block, from, to, [&](Value i, Value at, Value row) {
      Value d = b.load(b.i32s(epilogueRows), buffer, b.add(start, at));
      if (unsignedCodes)
        d = b.create<arith::SubIOp>(d, correction(b.add(token, i), b.index(0)));
      epilogue.storeScaled(d, row, b.add(token, i));
    });
  }

  void groupedChunk(Value block, Value token, Value count) {
    Value zero = b.index(0);
    forRows(zero, count,
            [&](Value, Value at, int64_t) { b.store(b.zero(b.f32s(epilogueRows)), totals, at); });
    int64_t perGroup = shape.groupSize / (4 * planes);
    b.loop(zero, b.index(shape.groupsPerRow()), 1, [&](Value group) {
      Value begin = b.mul(group, perGroup);
      Value end = b.min(b.add(begin, perGroup), b.index(steps));
      sumColumns(block, token, count, begin, end, nullptr);
      forExistingRows(block, zero, count, [&](Value i, Value at, Value row) {
        Value d = b.load(b.i32s(epilogueRows), sums, at);
        d = b.create<arith::SubIOp>(d, correction(b.add(token, i), group));
        Value total = b.load(b.f32s(epilogueRows), totals, at);
        b.store(epilogue.addGroup(total, d, row, group), totals, at);
      });
    });
    forExistingRows(block, zero, count, [&](Value i, Value at, Value row) {
      Value total = b.load(b.f32s(epilogueRows), totals, at);
      epilogue.storeGrouped(total, row, b.add(token, i));
    });
  }

  /// `body(i, at, r)` for rows r .. r + epilogueRows - 1 of the block and each token i.
  void forRows(Value from, Value to, llvm::function_ref<void(Value, Value, int64_t)> body) {
    b.loop(from, to, 1, [&](Value i) {
      for (int64_t r = 0; r < blockRows; r += epilogueRows)
        body(i, b.add(b.mul(i, blockRows), r), r);
    });
  }

  /// The same without rows that lie past the last one altogether, with the first row.
  void forExistingRows(Value block, Value from, Value to,
                       llvm::function_ref<void(Value, Value, Value)> body) {
    int64_t inLastBlock = shape.out % blockRows;
    forRows(from, to, [&](Value i, Value at, int64_t r) {
      Value row = b.add(b.mul(block, blockRows), r);
      if (inLastBlock == 0 || r < inLastBlock)
        body(i, at, row);
      else
        b.when(b.less(row, b.index(shape.out)), [&] { body(i, at, row); });
    });
  }

  Value correction(Value token, Value group) {
    Value sum = b.create<memref::LoadOp>(args.input[2], ValueRange{token, group});
    if (coding.zero != 1)
      sum = b.create<arith::MulIOp>(sum, b.create<arith::ConstantIntOp>(coding.zero, 32));
    return b.splat(sum, epilogueRows);
  }

  //===--- tiles of tokens ---------------------------------------------------===//

  /// `finish(from, to)`: the sums of tokens from .. to - 1 of the chunk are complete.
  using Finish = llvm::function_ref<void(Value, Value)>;

  /// sums[i][row] of steps begin .. end - 1 for `count` tokens from `token`.
  void sumColumns(Value block, Value token, Value count, Value begin, Value end, Finish finish) {
    auto fused = [&] {
      auto tile = [&](Value i, int64_t tokens) {
        int64_t rows = tokens == 1 ? form.rows1 : form.rowsN;
        for (int64_t r = 0; r < blockRows; r += rows)
          if (form.form == Form::Pairs)
            pairTile(block, token, i, tokens, begin, end, r, rows);
          else if (form.form == Form::Products)
            productTile(block, token, i, tokens, begin, end, r, rows);
          else
            quadTile(block, token, i, tokens, begin, end, r, rows);
      };
      forTiles(b.index(0), count, 1, evenTile(std::min(form.tokens, chunk)), tile, finish);
    };
    if (multipliesInMemory())
      return b.when(
          b.less(b.index(form.leastPanelTokens - 1), count),
          [&] { multiplyInMemory(block, token, count, begin, end, finish); }, fused);
    if (!usesPanel())
      return fused();
    b.when(
        b.less(b.index(form.tokens), count),
        [&] { panelTiles(block, token, count, begin, end, finish); }, fused);
  }

  /// The tile for `left` tokens: all of a full one, halves of what fills less than two,
  /// and above four tokens an even number.
  static int64_t evenTile(int64_t tokens) { return tokens <= 4 ? tokens : roundUp(tokens, 2); }

  /// Calls `body(i, tokens)` for tiles that cover tokens first .. count - 1, for each size
  /// from `least` on that may occur, and `finish` behind each.
  void forTiles(Value first, Value count, int64_t least, int64_t most,
                llvm::function_ref<void(Value, int64_t)> body, Finish finish) {
    if (most == 1) {
      b.loop(first, count, 1, [&](Value i) {
        body(i, 1);
        if (finish)
          finish(i, b.add(i, 1));
      });
      return;
    }
    SmallVector<int64_t> sizes;
    for (int64_t size = least; size <= most; ++size)
      if (sizes.empty() || evenTile(size) != sizes.back())
        sizes.push_back(evenTile(size));
    auto loop = b.create<scf::WhileOp>(TypeRange{b.getIndexType()}, ValueRange{first});
    OpBuilder::InsertionGuard guard(b);
    Block *before = b.createBlock(&loop.getBefore(), {}, b.getIndexType(), b.getLoc());
    b.create<scf::ConditionOp>(b.less(before->getArgument(0), count), before->getArguments());
    Block *after = b.createBlock(&loop.getAfter(), {}, b.getIndexType(), b.getLoc());
    Value i = after->getArgument(0);
    Value left = b.create<arith::SubIOp>(count, i);
    auto select = [&](Value condition, Value a, Value c) -> Value {
      return b.create<arith::SelectOp>(condition, a, c);
    };
    Value half = b.create<arith::ShRUIOp>(b.add(left, 1), b.index(1));
    Value size = select(b.less(b.index(most), left), half, left);
    Value even = b.create<arith::AndIOp>(b.add(size, 1), b.index(-2));
    size = select(b.less(b.index(4), size), even, size);
    size = b.min(size, b.index(most));
    b.choose(size, sizes, [&](int64_t tokens) { body(i, tokens); });
    Value next = b.add(i, size);
    if (finish)
      finish(i, b.min(next, count));
    b.create<scf::YieldOp>(ValueRange{next});
  }

  /// Four activations of a token in every int32 lane of a vector of `width` bytes.
  Value quad(Value token, Value column) {
    Value four = b.load(b.i8s(4), args.input[0], {token, column});
    Value word = b.create<vector::BitCastOp>(b.i32s(1), four);
    word = b.create<vector::ExtractOp>(word, ArrayRef<int64_t>{0});
    return b.create<vector::BitCastOp>(b.i8s(form.width), b.splat(word, lanes));
  }

  Value storedStep(Value block, Value step) {
    return b.mul(b.add(b.mul(block, steps), step), stepBytes);
  }

  /// Where step (i % windowPages) * pageSteps + i / windowPages of the next window is, if
  /// `at` is step i of its own.
  Value nextWindow(Value at) {
    auto bits = [&](Value v, int64_t mask) -> Value {
      return b.create<arith::AndIOp>(v, b.index(mask * stepBytes));
    };
    Value inWindow = bits(at, windowSteps - 1);
    Value page = b.mul(bits(at, windowPages - 1), pageSteps);
    Value inPage = bits(b.create<arith::ShRUIOp>(inWindow, b.index(llvm::Log2_64(windowPages))),
                        pageSteps - 1);
    Value start = b.create<arith::SubIOp>(at, inWindow);
    return b.add(b.add(b.add(start, page), inPage), windowSteps * stepBytes);
  }

  /// What is asked for into the second level cache with the step at `at`.
  Value farFrom(Value at, int64_t tokens) {
    return tokens == 1 ? b.add(at, farAhead) : nextWindow(at);
  }

  /// The bytes at `at`; asks for those at `far`, if any, and for those near ahead.
  Values loadStep(Value at, Value far, int64_t row, int64_t rows) {
    Values bytes;
    for (int64_t r = row; r < row + rows; r += lanes) {
      if (r % 16 == 0) {
        if (far)
          b.prefetch(args.weights, far, 4 * r, /*locality=*/2);
        b.prefetch(args.weights, at, nearAhead + 4 * r);
      }
      Value loaded = b.load(b.i8s(form.width), args.weights, b.add(at, 4 * r));
      if (flipsTopBit())
        loaded = b.create<arith::XOrIOp>(loaded, b.splatInt(-128, 8, form.width));
      bytes.push_back(loaded);
    }
    return bytes;
  }

  /// Plane `p` of two bits of `bytes`.
  Plane unpack(ArrayRef<Value> bytes, int64_t p, Unpack how) {
    Plane plane;
    bool inPlace = how == Unpack::InPlace || (how == Unpack::Low && p % 2 == 1);
    for (Value v : bytes) {
      int64_t at = p;
      if (how == Unpack::Low && p == 3) { // one shift for planes 2 and 3
        v = b.create<arith::ShRUIOp>(v, b.splatInt(4, 8, form.width));
        at = 1;
      }
      plane.codes.push_back(b.create<uk::UnpackOp>(v.getType(), v, at, inPlace));
      plane.power = inPlace ? at : 0;
    }
    return plane;
  }

  /// The planes of a step, in the order of their columns.
  SmallVector<Plane> unpackStep(ArrayRef<Value> bytes, Unpack how) {
    if (planes == 1)
      return {Plane{Values(bytes), 0}};
    SmallVector<Plane> result;
    if (shape.layout == Layout::I4Tile) {
      for (int64_t half = 0; half < planes; ++half) {
        Plane &plane = result.emplace_back();
        for (Value v : bytes)
          plane.codes.push_back(b.create<uk::UnpackNibbleOp>(v.getType(), v, half));
      }
      return result;
    }
    if (shape.layout == Layout::T2Tile) {
      for (int64_t p = 0; p < planes; ++p)
        result.push_back(unpack(bytes, p, how));
      return result;
    }
    Values low, high;
    for (Value v : bytes) {
      auto both = b.create<uk::UnpackBase3Op>(v.getType(), v.getType(), v);
      low.push_back(both.getLow());
      high.push_back(both.getHigh());
    }
    return {unpack(low, 0, how), unpack(low, 1, how), unpack(low, 2, how), unpack(high, 3, how),
            unpack(high, 0, how)};
  }

  Value dot(Value acc, Value codes, Value x, int64_t max) {
    if (flipsTopBit())
      return b.create<uk::DotS8Op>(acc.getType(), acc, codes, x);
    return b.create<uk::DotI8Op>(acc.getType(), acc, codes, x, max);
  }

  Value sumsAt(Value i, int64_t t, int64_t row) {
    return b.add(b.mul(b.add(i, t), blockRows), row);
  }

  /// [tokens][vectors of rows] sums of one tile to the buffer.
  void storeSums(ArrayRef<Value> acc, Value i, int64_t tokens, int64_t row) {
    int64_t perToken = acc.size() / tokens;
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t v = 0; v < perToken; ++v)
        b.store(acc[t * perToken + v], sums, sumsAt(i, t, row + v * lanes));
  }

  /// Vectors of sums that leave registers for a step: those of the largest tile, where
  /// there are 32.
  int64_t accumulators() const { return form.width == 64 ? form.tokens * form.rowsN / lanes : 8; }

  /// int32 lanes; all codes.
  void quadTile(Value block, Value token, Value i, int64_t tokens, Value begin, Value end,
                int64_t row, int64_t rows) {
    int64_t perToken = rows / lanes, count = tokens * perToken;
    // An accumulator for each power of 4, if they are few enough.
    Unpack how = Unpack::Down;
    if (hasTwoBitPlanes() && (tokens == 1 || form.width > 16) && steps <= maxStepsInPlace)
      how = 4 * count <= accumulators()   ? Unpack::InPlace
            : 2 * count <= accumulators() ? Unpack::Low
                                          : Unpack::Down;
    int64_t powers = how == Unpack::InPlace ? 4 : how == Unpack::Low ? 2 : 1;
    Values zeros(powers * count, b.zero(b.i32s(lanes)));
    Value first = b.add(token, i);
    Values acc = b.loop(begin, end, together, zeros, [&](Value step, ValueRange carried) {
      Values next(carried.begin(), carried.end());
      Value stored = storedStep(block, step);
      if (form.touches && row == 0 && lastTouch >= 0)
        b.touchAhead(args.weights, stored, step, lastTouch);
      addStep(unpackSteps(stored, row, rows, tokens, how), first, tokens, b.mul(step, 4 * planes),
              [&](const Plane &plane, int64_t n, Value codes, Value x) {
                Value &a = next[plane.power * count + n];
                a = dot(a, codes, x, coding.max << (2 * plane.power));
              });
      return next;
    });
    for (int64_t power = 1; power < powers; ++power)
      for (int64_t n = 0; n < count; ++n)
        acc[n] = b.add(acc[n], b.create<arith::ShRSIOp>(acc[power * count + n],
                                                        b.splatInt(2 * power, 32, lanes)));
    acc.truncate(count);
    storeSums(acc, i, tokens, row);
  }

  /// The planes of `together` steps from `stored`.
  SmallVector<Plane> unpackSteps(Value stored, int64_t row, int64_t rows, int64_t tokens,
                                 Unpack how) {
    SmallVector<Plane> result;
    Value far = farFrom(stored, tokens);
    // Steps together begin at a multiple of so many: their pages are side by side.
    int64_t apart = tokens == 1 ? stepBytes : pageSteps * stepBytes;
    for (int64_t s = 0; s < together; ++s)
      result.append(unpackStep(
          loadStep(b.add(stored, s * stepBytes), b.add(far, s * apart), row, rows), how));
    return result;
  }

  /// `add(plane, n, codes, x)` for sum n = [token][vector of rows].
  void addStep(ArrayRef<Plane> unpacked, Value first, int64_t tokens, Value column,
               llvm::function_ref<void(const Plane &, int64_t, Value, Value)> add) {
    Values loaded; // the activations of the quads that fill a vector
    int64_t inVector = form.takesLanes ? std::min<int64_t>(unpacked.size(), 4) : 0;
    if (inVector)
      for (int64_t t = 0; t < tokens; ++t)
        loaded.push_back(b.load(b.i8s(4 * inVector), args.input[0], {b.add(first, t), column}));
    for (auto [p, plane] : llvm::enumerate(unpacked))
      for (int64_t t = 0; t < tokens; ++t) {
        Value x = int64_t(p) < inVector ? b.quadOf(loaded[t], p, form.width)
                                        : quad(b.add(first, t), b.add(column, 4 * p));
        for (auto [v, codes] : llvm::enumerate(plane.codes))
          add(plane, t * plane.codes.size() + v, codes, x);
      }
  }

  /// int16 lanes, widened within the bound; codes of two bits.
  void pairTile(Value block, Value token, Value i, int64_t tokens, Value begin, Value end,
                int64_t row, int64_t rows) {
    int64_t count = tokens * rows / lanes;
    Unpack how = tokens == 1 ? Unpack::Low : Unpack::Down;
    int64_t powers = how == Unpack::Low ? 2 : 1;
    int64_t span = how == Unpack::Low ? inPlaceSpan : shiftedSpan(planes);
    // Additions to a lane of each power: see inPlaceSpan.
    int64_t additions[2] = {span * (how == Unpack::Low ? planes - 2 : planes), span * 2};
    Value first = b.add(token, i);
    auto spanSums = [&](Value from, Value to, ValueRange carried) {
      Values zeros(powers * count, b.zero(b.i16s(form.width / 2)));
      Values pairs = b.loop(from, to, 1, zeros, [&](Value step, ValueRange inner) {
        Values next(inner.begin(), inner.end());
        addStep(unpackSteps(storedStep(block, step), row, rows, tokens, how), first, tokens,
                b.mul(step, 4 * planes), [&](const Plane &plane, int64_t n, Value codes, Value x) {
                  Value &a = next[plane.power * count + n];
                  a = b.create<uk::DotI8PairsOp>(a.getType(), a, codes, x,
                                                 maxCode << (2 * plane.power),
                                                 additions[plane.power]);
                });
        return next;
      });
      Values acc(carried.begin(), carried.end());
      for (int64_t n = 0; n < count; ++n) {
        Type type = acc[n].getType();
        acc[n] = b.create<uk::WidenAddOp>(type, acc[n], pairs[n]);
        if (powers == 2) {
          Value times4 = b.create<uk::WidenAddOp>(type, b.zero(b.i32s(lanes)), pairs[count + n]);
          acc[n] = b.add(acc[n], b.create<arith::ShRSIOp>(times4, b.splatInt(2, 32, lanes)));
        }
      }
      return acc;
    };
    Values zeros(count, b.zero(b.i32s(lanes)));
    Values acc = b.loop(begin, end, span, zeros, [&](Value from, ValueRange carried) {
      return spanSums(from, b.min(b.add(from, span), end), carried);
    });
    storeSums(acc, i, tokens, row);
  }

  /// Products of single bytes in int16 lanes, widened within the bound. int32 sums have two
  /// lanes for each row until the end.
  void productTile(Value block, Value token, Value i, int64_t tokens, Value begin, Value end,
                   int64_t row, int64_t rows) {
    int64_t count = tokens * rows / lanes, inStep = planes * together;
    int64_t max = flipsTopBit() ? maxInt8 : coding.max, additions = productsInLane(max);
    Value first = b.add(token, i);
    auto widened = [&](ValueRange wide, ArrayRef<Value> products) {
      Values result;
      for (auto [sum, product] : llvm::zip_equal(wide, products))
        result.push_back(b.create<uk::WidenAddOp>(sum.getType(), sum, product));
      return result;
    };
    auto addProducts = [&](Values &acc, ArrayRef<Plane> unpacked, Value column) {
      addStep(unpacked, first, tokens, column, [&](const Plane &, int64_t n, Value codes, Value x) {
        acc[n] = b.create<uk::MultiplyAddS8Op>(acc[n].getType(), acc[n], codes, x, max, additions);
      });
    };
    Values none(count, b.zero(b.i16s(form.width)));
    auto unpacked = [&](Value step) {
      return unpackSteps(storedStep(block, step), row, rows, tokens, Unpack::Down);
    };
    Values wide(count, b.zero(b.i32s(2 * lanes)));
    int64_t span = additions / inStep;
    if (span > 0) {
      wide = b.loop(begin, end, span, wide, [&](Value from, ValueRange carried) {
        Value to = b.min(b.add(from, span), end);
        Values products = b.loop(from, to, 1, none, [&](Value step, ValueRange inner) {
          Values next(inner.begin(), inner.end());
          addProducts(next, unpacked(step), b.mul(step, 4 * planes));
          return next;
        });
        return widened(carried, products);
      });
    } else { // a few quads at a time
      wide = b.loop(begin, end, together, wide, [&](Value step, ValueRange carried) {
        Values next(carried.begin(), carried.end());
        SmallVector<Plane> all = unpacked(step);
        for (int64_t p = 0; p < inStep; p += additions) {
          Values products = none;
          addProducts(products, ArrayRef(all).slice(p, additions),
                      b.mul(b.add(step, p), 4 * planes));
          next = widened(next, products);
        }
        return next;
      });
    }
    for (Value &sum : wide)
      sum = b.addAdjacent(sum);
    storeSums(wide, i, tokens, row);
  }

  //===--- many tokens -------------------------------------------------------===//

  /// A panel of steps at a time. The first tile unpacks it for the others: its products
  /// hide the stores.
  void panelTiles(Value block, Value token, Value count, Value begin, Value end, Finish finish) {
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

  /// The vectors of sums of a tile.
  Values loadSums(Value i, int64_t tokens) {
    Values acc;
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t v = 0; v < vectors(); ++v)
        acc.push_back(b.load(b.i32s(lanes), sums, sumsAt(i, t, v * lanes)));
    return acc;
  }

  Value panelAt(Value quad, int64_t v) { return b.add(b.mul(quad, stepBytes), v * form.width); }

  /// As step `step` of the panel.
  void storeUnpacked(ArrayRef<Plane> unpacked, Value step) {
    Value quad = b.mul(step, planes);
    for (auto [p, plane] : llvm::enumerate(unpacked))
      for (auto [v, codes] : llvm::enumerate(plane.codes))
        b.store(codes, panel, panelAt(b.add(quad, p), v));
  }

  /// The first tokens; stores steps from .. to - 1 unpacked in the panel.
  void unpackingTile(Value block, Value token, Value from, Value to) {
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

  /// `pace`: tokens for each quad whose rows of y are asked for, see prefetchOutput.
  void panelTile(Value block, Value token, Value i, int64_t tokens, Value from, Value quads,
                 Value pace) {
    Value first = b.add(token, i);
    Value column = b.mul(from, 4 * planes);
    pace = b.mul(pace, tokens);
    Values acc =
        b.loop(b.index(0), quads, 1, loadSums(i, tokens), [&](Value q, ValueRange carried) {
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

  /// The rows of y that the epilogue will write, the lines of one token: of many at once
  /// the buffers of the cache would be full.
  void prefetchOutput(Value block, Value first, Value tokens16) {
    Value to = b.create<arith::SubIOp>(first, args.first);
    to = b.add(to, b.create<arith::ShRUIOp>(tokens16, b.index(16)));
    for (int64_t r = 0; r < blockRows; r += epilogueRows)
      b.create<memref::PrefetchOp>(args.y, ValueRange{to, b.add(b.mul(block, blockRows), r)},
                                   /*isWrite=*/true, /*localityHint=*/3, /*isDataCache=*/true);
  }

  //===--- many tokens, multiplied in memory -----------------------------------===//

  /// A panel of steps at a time, unpacked for all tokens. While it is multiplied, the stored
  /// bytes of the next one are asked for.
  void multiplyInMemory(Value block, Value token, Value count, Value begin, Value end,
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

  /// Of `count` tokens.
  void clearSums(Value count) {
    forRows(b.index(0), count,
            [&](Value, Value at, int64_t) { b.store(b.zero(b.i32s(epilogueRows)), sums, at); });
  }

  LinearBuilder &b;
  const LinearShape &shape;
  Isa isa;
  KernelForm form;
  const LinearArguments &args;
  Epilogue epilogue;
  Coding coding;
  int64_t planes;
  int64_t steps; ///< of 128 bytes in a block of rows
  int64_t panelSteps;
  int64_t together; ///< steps at once: 16 columns
  int64_t chunk;
  int64_t lanes;     ///< int32 lanes, rows, in a vector
  int64_t lastTouch; ///< of touchAhead
  Value sums, totals, panel;
};

} // namespace

void buildTileKernel(LinearBuilder &b, const LinearShape &shape, Isa isa,
                     const LinearArguments &args) {
  TileKernel(b, shape, isa, args).build();
}

} // namespace lobit
