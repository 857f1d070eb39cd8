// ukernel.unpack_base3 with multiplications in 16-bit lanes: right on every target.
#include "passes/Lower/Target/Target.h"
#include "passes/Lower/Target/VectorParts.h"

#include "dialects/UKernel/UKernelOps.h"

using namespace mlir;

namespace lobit {
namespace {

/// floor(n / divisor) = n * factor >> shift for n from 0 to max.
struct Quotient {
  int64_t divisor, factor, shift, max;
  constexpr bool holds() const {
    for (int64_t n = 0; n <= max; ++n)
      if (n * factor >> shift != n / divisor || n * factor > 65535)
        return false;
    return true;
  }
};
constexpr Quotient bySeven{7, 37, 8, 63}, byThree{3, 86, 8, 9}, byNine{9, 57, 9, 27};
static_assert(bySeven.holds() && byThree.holds() && byNine.holds());

class Words {
public:
  explicit Words(VectorParts &v) : v(v) {}
  Value constant(int64_t value, Value like) { return v.splat(value, like); }
  Value low(Value n, int64_t mask) { return v.create<arith::AndIOp>(n, constant(mask, n)); }
  Value right(Value n, int64_t by) { return v.create<arith::ShRUIOp>(n, constant(by, n)); }
  Value left(Value n, int64_t by) { return v.create<arith::ShLIOp>(n, constant(by, n)); }
  Value either(Value a, Value b) { return v.create<arith::OrIOp>(a, b); }
  Value times(Value n, int64_t by) { return v.create<arith::MulIOp>(n, constant(by, n)); }
  Value minus(Value a, Value b) { return v.create<arith::SubIOp>(a, b); }
  std::pair<Value, Value> divide(Value n, const Quotient &q) {
    Value quotient = right(times(n, q.factor), q.shift);
    return {quotient, minus(n, times(quotient, q.divisor))};
  }

private:
  VectorParts &v;
};

LogicalResult lowerUnpackBase3(uk::UnpackBase3Op op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  int64_t bytes = v.lanes(op.getInput());
  if (bytes % 2 != 0)
    return failure();
  Words w(v);
  Value words = v.bitcast(op.getInput(), v.getI16Type());
  // The even bytes and the odd ones, each in the low half of a word.
  Value low, high;
  for (int64_t odd : {0, 1}) {
    Value byte = odd ? w.right(words, 8) : w.low(words, 255);
    auto [pair, third] = w.divide(w.low(byte, 63), bySeven);
    auto [c4, c3] = w.divide(pair, byThree);
    Value rest = w.either(w.left(third, 2), w.right(byte, 6));
    auto [c2, two] = w.divide(rest, byNine);
    auto [c1, c0] = w.divide(two, byThree);
    Value l = w.either(c0, w.either(w.left(c1, 2), w.left(c2, 4)));
    Value h = w.either(c4, w.either(w.left(third, 2), w.left(c3, 6)));
    low = odd ? w.either(low, w.left(l, 8)) : l;
    high = odd ? w.either(high, w.left(h, 8)) : h;
  }
  rewriter.replaceOp(op, {v.bitcast(low, v.getI8Type()), v.bitcast(high, v.getI8Type())});
  return success();
}

} // namespace

void populateGenericBase3Patterns(RewritePatternSet &patterns) {
  // Where a target has its own pattern, that comes first.
  patterns.add(lowerUnpackBase3, PatternBenefit(0));
}

} // namespace lobit
