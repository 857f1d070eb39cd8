// The ukernel ops of pair-sparse codes as plain vector code, correct on every target.
//
// A pair is one int16 lane: lane i of the masks has two of them, 2i and 2i + 1.
#include "passes/Lower/Target/Target.h"
#include "passes/Lower/Target/VectorParts.h"

#include "dialects/UKernel/UKernelOps.h"

using namespace mlir;

namespace lobit {
namespace {

class PairParts : public VectorParts {
public:
  using VectorParts::VectorParts;

  Value bitAnd(Value a, Value b) { return create<arith::AndIOp>(a, b); }
  Value bitOr(Value a, Value b) { return create<arith::OrIOp>(a, b); }
  Value shiftLeft(Value a, int64_t by) {
    return by == 0 ? a : create<arith::ShLIOp>(a, splat(by, a)).getResult();
  }

  /// int16 lanes `even`, `odd`, `even`, ... as many as in `like`.
  Value alternating(int64_t even, int64_t odd, Value like) {
    SmallVector<Attribute> values;
    for (int64_t i = 0; i < lanes(like); ++i)
      values.push_back(getI16IntegerAttr(int16_t(i % 2 ? odd : even)));
    return create<arith::ConstantOp>(DenseElementsAttr::get(typeOf(like), values));
  }

  /// For each lane of `masks` two int16 lanes with the nibble at bits 4 (nibble mod 4).
  Value nibbleWords(Value masks, int64_t nibble) {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < 2 * lanes(masks); ++i)
      indices.push_back(i / 2 * 2 + nibble / 4);
    Value words = bitcast(masks, getI16Type());
    return create<vector::ShuffleOp>(words, words, indices);
  }

  /// Lanes where `words` has one of the bits.
  Value hasBits(Value words, Value bits) {
    return create<arith::CmpIOp>(arith::CmpIPredicate::ne, bitAnd(words, bits), splat(0, words));
  }
};

LogicalResult lowerUnpackI6(uk::UnpackI6Op op, PatternRewriter &rewriter) {
  PairParts v(op.getLoc(), rewriter);
  Value parts[3] = {op.getFirst(), op.getSecond(), op.getThird()};
  int64_t plane = op.getPlane();
  // u at bits 0..5, or at bits 2..7 where flipping the sign bit is subtracting 4 * 32.
  int64_t base = op.getInPlace() ? 2 : 0;
  Value u;
  if (plane < 3) {
    Value down = op.getInPlace()
                     ? parts[plane]
                     : v.create<arith::ShRUIOp>(parts[plane], v.splat(2, parts[plane])).getResult();
    u = v.bitAnd(down, v.splat(63 << base, down));
  } else {
    for (int64_t i = 0; i < 3; ++i) {
      Value bits =
          v.bitAnd(v.shiftLeft(parts[i], 2 * i + base), v.splat(3 << (2 * i + base), parts[i]));
      u = i == 0 ? bits : v.bitOr(u, bits);
    }
  }
  if (op.getInPlace())
    rewriter.replaceOpWithNewOp<arith::XOrIOp>(op, u, v.splat(-128, u));
  else
    rewriter.replaceOpWithNewOp<arith::SubIOp>(op, u, v.splat(32, u));
  return success();
}

/// First pair: 0 if kept, else 1 if kept, else 2. Second pair: 3, else 2, else 1.
LogicalResult lowerSelectPairs(uk::SelectPairsOp op, PatternRewriter &rewriter) {
  PairParts v(op.getLoc(), rewriter);
  Value x = op.getX();
  if (op.getBiased())
    x = v.create<arith::XOrIOp>(x, v.splat(-128, x));
  x = v.bitcast(x, v.getI16Type());
  Value words = v.nibbleWords(op.getMasks(), op.getNibble());
  auto pairs = [&](int64_t first, int64_t second) -> Value {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < v.lanes(words); ++i)
      indices.push_back(i % 2 ? second : first);
    return v.create<vector::ShuffleOp>(x, x, indices);
  };
  int64_t at = 4 * (op.getNibble() % 4);
  Value outer = v.hasBits(words, v.alternating(1 << at, 8 << at, words));
  Value inner = v.hasBits(words, v.alternating(2 << at, 4 << at, words));
  Value kept = v.create<arith::SelectOp>(inner, pairs(1, 2), pairs(2, 1));
  kept = v.create<arith::SelectOp>(outer, pairs(0, 3), kept);
  rewriter.replaceOp(op, v.bitcast(kept, v.getI8Type()));
  return success();
}

/// A place has the second value when a lower pair is kept, too.
LogicalResult lowerExpandPairs(uk::ExpandPairsOp op, PatternRewriter &rewriter) {
  PairParts v(op.getLoc(), rewriter);
  Value values = v.bitcast(op.getValues(), v.getI16Type());
  auto value = [&](int64_t which) -> Value {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < v.lanes(values); ++i)
      indices.push_back(i / 2 * 2 + which);
    return v.create<vector::ShuffleOp>(values, values, indices);
  };
  Value words = v.nibbleWords(op.getMasks(), op.getNibble());
  int64_t at = 4 * (op.getNibble() % 4), even = 2 * op.getHalf(), odd = even + 1;
  auto below = [&](int64_t pair) { return ((1 << pair) - 1) << at; };
  Value isKept = v.hasBits(words, v.alternating(1 << (at + even), 1 << (at + odd), words));
  Value isSecond = v.hasBits(words, v.alternating(below(even), below(odd), words));
  Value result = v.create<arith::SelectOp>(isSecond, value(1), value(0));
  result = v.create<arith::SelectOp>(isKept, result, v.splat(0, result));
  rewriter.replaceOp(op, v.bitcast(result, v.getI8Type()));
  return success();
}

} // namespace

void populateGenericPairPatterns(RewritePatternSet &patterns) {
  PatternBenefit last = 0; // after the patterns of the target
  patterns.add(lowerUnpackI6, last);
  patterns.add(lowerSelectPairs, last);
  patterns.add(lowerExpandPairs, last);
}

} // namespace lobit
