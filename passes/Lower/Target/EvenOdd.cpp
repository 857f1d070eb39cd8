#include "passes/Lower/Target/EvenOdd.h"

using namespace mlir;

namespace lobit {

EvenOdd unsignedLanes(VectorParts &v, Value bytes) {
  Value words = v.bitcast(bytes, v.getI16Type());
  return {v.create<arith::AndIOp>(words, v.splat(0xff, words)),
          v.create<arith::ShRUIOp>(words, v.splat(8, words))};
}

EvenOdd signedLanes(VectorParts &v, Value bytes) {
  Value words = v.bitcast(bytes, v.getI16Type());
  Value eight = v.splat(8, words);
  Value up = v.create<arith::ShLIOp>(words, eight);
  return {v.create<arith::ShRSIOp>(up, eight), v.create<arith::ShRSIOp>(words, eight)};
}

Value addPairProducts(VectorParts &v, Value acc, Value lhs, Value rhs) {
  EvenOdd l = unsignedLanes(v, lhs), r = signedLanes(v, rhs);
  Value even = v.create<arith::MulIOp>(l.even, r.even);
  Value odd = v.create<arith::MulIOp>(l.odd, r.odd);
  return v.create<arith::AddIOp>(acc, v.create<arith::AddIOp>(even, odd));
}

} // namespace lobit
