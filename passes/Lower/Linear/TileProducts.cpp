// One tile of rows and tokens in registers.
#include "passes/Lower/Linear/TileKernel.h"

#include "dialects/UKernel/UKernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

/// One token reads evenly: a page ahead.
constexpr int64_t farAhead = 4096;
/// Several tokens: while a window of steps is multiplied, the next one is asked for, its pages side
/// by side: memory delivers pages together faster than one behind the other. That is into the
/// second level cache; into the first, in order and a quarter of a page ahead.
constexpr int64_t windowSteps = 256, windowPages = 8, nearAhead = 1024;
constexpr int64_t pageSteps = windowSteps / windowPages;
static_assert(pageSteps * stepBytes == 4096);

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

} // namespace

Value TileKernel::quad(Value token, Value column) {
  Value four = b.load(b.i8s(4), args.input[0], {token, column});
  Value word = b.create<vector::BitCastOp>(b.i32s(1), four);
  word = b.create<vector::ExtractOp>(word, ArrayRef<int64_t>{0});
  return b.create<vector::BitCastOp>(b.i8s(form.width), b.splat(word, lanes));
}

Value TileKernel::storedStep(Value block, Value step) {
  return b.mul(b.add(b.mul(block, steps), step), stepBytes);
}

Value TileKernel::nextWindow(Value at) {
  auto bits = [&](Value v, int64_t mask) -> Value {
    return b.create<arith::AndIOp>(v, b.index(mask * stepBytes));
  };
  Value inWindow = bits(at, windowSteps - 1);
  Value page = b.mul(bits(at, windowPages - 1), pageSteps);
  Value inPage =
      bits(b.create<arith::ShRUIOp>(inWindow, b.index(llvm::Log2_64(windowPages))), pageSteps - 1);
  Value start = b.create<arith::SubIOp>(at, inWindow);
  return b.add(b.add(b.add(start, page), inPage), windowSteps * stepBytes);
}

Value TileKernel::farFrom(Value at, int64_t tokens) {
  return tokens == 1 ? b.add(at, farAhead) : nextWindow(at);
}

Values TileKernel::loadStep(Value at, Value far, int64_t row, int64_t rows) {
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

Plane TileKernel::unpack(ArrayRef<Value> bytes, int64_t p, Unpack how) {
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

SmallVector<Plane> TileKernel::unpackStep(ArrayRef<Value> bytes, Unpack how) {
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

Value TileKernel::dot(Value acc, Value codes, Value x, int64_t max) {
  if (flipsTopBit())
    return b.create<uk::DotS8Op>(acc.getType(), acc, codes, x);
  return b.create<uk::DotI8Op>(acc.getType(), acc, codes, x, max);
}

Value TileKernel::sumsAt(Value i, int64_t t, int64_t row) {
  return b.add(b.mul(b.add(i, t), blockRows), row);
}

void TileKernel::storeSums(ArrayRef<Value> acc, Value i, int64_t tokens, int64_t row) {
  int64_t perToken = acc.size() / tokens;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t v = 0; v < perToken; ++v)
      b.store(acc[t * perToken + v], sums, sumsAt(i, t, row + v * lanes));
}

void TileKernel::quadTile(Value block, Value token, Value i, int64_t tokens, Value begin, Value end,
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

SmallVector<Plane> TileKernel::unpackSteps(Value stored, int64_t row, int64_t rows, int64_t tokens,
                                           Unpack how) {
  SmallVector<Plane> result;
  Value far = farFrom(stored, tokens);
  // Steps together begin at a multiple of so many: their pages are side by side.
  int64_t apart = tokens == 1 ? stepBytes : pageSteps * stepBytes;
  for (int64_t s = 0; s < together; ++s)
    result.append(
        unpackStep(loadStep(b.add(stored, s * stepBytes), b.add(far, s * apart), row, rows), how));
  return result;
}

void TileKernel::addStep(ArrayRef<Plane> unpacked, Value first, int64_t tokens, Value column,
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

void TileKernel::pairTile(Value block, Value token, Value i, int64_t tokens, Value begin, Value end,
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
                a = b.create<uk::DotI8PairsOp>(
                    a.getType(), a, codes, x, maxCode << (2 * plane.power), additions[plane.power]);
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

void TileKernel::productTile(Value block, Value token, Value i, int64_t tokens, Value begin,
                             Value end, int64_t row, int64_t rows) {
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
        addProducts(products, ArrayRef(all).slice(p, additions), b.mul(b.add(step, p), 4 * planes));
        next = widened(next, products);
      }
      return next;
    });
  }
  for (Value &sum : wide)
    sum = b.addAdjacent(sum);
  storeSums(wide, i, tokens, row);
}

} // namespace lobit
