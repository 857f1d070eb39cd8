// ukernel ops whose arithmetic is the same on every target (docs/numerics.md). f32 ops
// carry no fast-math flags; rounding adds and subtracts 1.5 * 2^23 instead of calling a
// function.
#include "passes/Lower/Target/Target.h"
#include "passes/Lower/Target/VectorParts.h"

#include "dialects/UKernel/UKernelOps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <cmath>

using namespace mlir;

namespace lobit {
namespace {

constexpr float roundingShift = 12582912.0f; // 1.5 * 2^23
constexpr int64_t roundingShiftBits = 0x4b400000;

LogicalResult lowerUnpack(uk::UnpackOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value bytes = op.getInput();
  int64_t shift = 2 * op.getPlane();
  if (op.getInPlace()) {
    rewriter.replaceOpWithNewOp<arith::AndIOp>(op, bytes, v.splat(3 << shift, bytes));
    return success();
  }
  if (shift != 0)
    bytes = v.create<arith::ShRUIOp>(bytes, v.splat(shift, bytes));
  rewriter.replaceOpWithNewOp<arith::AndIOp>(op, bytes, v.splat(3, bytes));
  return success();
}

LogicalResult lowerUnpackNibble(uk::UnpackNibbleOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value bytes = op.getInput();
  if (op.getHalf() == 1)
    rewriter.replaceOpWithNewOp<arith::ShRUIOp>(op, bytes, v.splat(4, bytes));
  else
    rewriter.replaceOpWithNewOp<arith::AndIOp>(op, bytes, v.splat(15, bytes));
  return success();
}

LogicalResult lowerTouch(uk::TouchOp op, PatternRewriter &rewriter) {
  rewriter.replaceOpWithNewOp<memref::PrefetchOp>(op, op.getBuffer(), op.getAt(),
                                                  /*isWrite=*/false, /*localityHint=*/3,
                                                  /*isDataCache=*/true);
  return success();
}

/// The int32 of a float that had the rounding shift added: its low bits.
Value shiftedToInt(VectorParts &v, Value shifted) {
  Value bits = v.bitcast(shifted, v.getI32Type());
  return v.create<arith::SubIOp>(bits, v.splat(roundingShiftBits, bits));
}

LogicalResult lowerActQuantize(uk::ActQuantizeOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value x = op.getInput();
  Value factor = v.create<vector::BroadcastOp>(x.getType(), op.getFactor());
  Value scaled = v.create<arith::MulFOp>(x, factor);
  Value q = shiftedToInt(v, v.create<arith::AddFOp>(scaled, v.splatFloat(roundingShift, x)));
  q = v.create<arith::MaxSIOp>(q, v.splat(-128, q));
  q = v.create<arith::MinSIOp>(q, v.splat(127, q));
  rewriter.replaceOpWithNewOp<arith::TruncIOp>(op, op.getResult().getType(), q);
  return success();
}

LogicalResult lowerReduceAdd(uk::ReduceAddOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value x = op.getInput();
  for (int64_t half = v.lanes(x) / 2; half >= 1; half /= 2)
    x = v.create<arith::AddFOp>(v.slice(x, 0, half), v.slice(x, half, half));
  rewriter.replaceOpWithNewOp<vector::ExtractOp>(op, x, ArrayRef<int64_t>{0});
  return success();
}

LogicalResult lowerExp(uk::ExpOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value input = op.getInput();
  auto constant = [&](float value) { return v.splatFloat(value, input); };
  auto mul = [&](Value a, Value b) -> Value { return v.create<arith::MulFOp>(a, b); };
  auto sub = [&](Value a, Value b) -> Value { return v.create<arith::SubFOp>(a, b); };
  auto plus = [&](Value a, Value b) -> Value { return v.create<arith::AddFOp>(a, b); };
  auto less = [&](Value a, Value b) -> Value {
    return v.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, a, b);
  };
  Value top = constant(88.0f);
  Value x = v.create<arith::SelectOp>(less(input, top), input, top);
  Value shifted = plus(mul(x, constant(1.44269504f)), constant(roundingShift));
  Value n = sub(shifted, constant(roundingShift));
  Value r = sub(sub(x, mul(n, constant(0.693359375f))), mul(n, constant(-2.12194440e-4f)));
  Value p = constant(1.0f / 5040);
  for (float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = plus(mul(p, r), constant(c));
  Value exponent = shiftedToInt(v, shifted);
  exponent = v.create<arith::AddIOp>(exponent, v.splat(127, exponent));
  exponent = v.create<arith::ShLIOp>(exponent, v.splat(23, exponent));
  Value power = mul(p, v.bitcast(exponent, v.getF32Type()));
  rewriter.replaceOpWithNewOp<arith::SelectOp>(op, less(input, constant(-87.0f)), constant(0.0f),
                                               power);
  return success();
}

LogicalResult lowerWidenFloat(uk::WidenFloatOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value input = op.getInput();
  auto words = VectorType::get({v.lanes(input)}, v.getI32Type());
  Value bits = v.create<arith::ExtUIOp>(words, v.bitcast(input, v.getI16Type()));
  auto shiftLeft = [&](Value a, int64_t by) -> Value {
    return v.create<arith::ShLIOp>(a, v.splat(by, a));
  };
  if (v.typeOf(input).getElementType().isBF16()) {
    rewriter.replaceOp(op, v.bitcast(shiftLeft(bits, 16), v.getF32Type()));
    return success();
  }
  if (op.getFinite()) {
    // The arithmetic shift brings exponent and fraction to their f32 places, which is
    // 2^-112 times the value, and leaves the sign where it is.
    Value up = shiftLeft(bits, 16);
    Value placed = v.create<arith::AndIOp>(v.create<arith::ShRSIOp>(up, v.splat(3, up)),
                                           v.splat(0x8fffe000, up));
    Value scaled = v.bitcast(placed, v.getF32Type());
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, scaled,
                                               v.splatFloat(std::ldexp(1.0f, 112), scaled));
    return success();
  }
  // f16: exponent and fraction at their f32 places are 2^-112 times the value, also for
  // subnormals; infinity and NaN get the full exponent.
  Value magnitude = shiftLeft(v.create<arith::AndIOp>(bits, v.splat(0x7fff, bits)), 13);
  Value sign = shiftLeft(v.create<arith::AndIOp>(bits, v.splat(0x8000, bits)), 16);
  Value asFloat = v.bitcast(magnitude, v.getF32Type());
  Value finite =
      v.bitcast(v.create<arith::MulFOp>(asFloat, v.splatFloat(std::ldexp(1.0f, 112), asFloat)),
                v.getI32Type());
  Value special = v.create<arith::OrIOp>(magnitude, v.splat(0x7f800000, bits));
  Value isSpecial =
      v.create<arith::CmpIOp>(arith::CmpIPredicate::sge, magnitude, v.splat(0x7c00 << 13, bits));
  Value result = v.create<arith::SelectOp>(isSpecial, special, finite);
  rewriter.replaceOp(op, v.bitcast(v.create<arith::OrIOp>(result, sign), v.getF32Type()));
  return success();
}

LogicalResult lowerNarrowFloat(uk::NarrowFloatOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value bits = v.bitcast(op.getInput(), v.getI32Type());
  auto constant = [&](int64_t value) { return v.splat(value, bits); };
  auto shiftRight = [&](Value a, int64_t by) -> Value {
    return v.create<arith::ShRUIOp>(a, constant(by));
  };
  auto atLeast = [&](Value a, int64_t bound) -> Value {
    return v.create<arith::CmpIOp>(arith::CmpIPredicate::uge, a, constant(bound));
  };
  Value rest = v.create<arith::AndIOp>(bits, constant(0x7fffffff));
  Value sign = v.create<arith::AndIOp>(shiftRight(bits, 16), constant(0x8000));
  // Normal: the bias shrinks by 112; half of the last place, or one less, rounds.
  Value odd = v.create<arith::AndIOp>(shiftRight(rest, 13), constant(1));
  Value normal = v.create<arith::AddIOp>(rest, v.create<arith::AddIOp>(odd, constant(0xfff)));
  normal = shiftRight(v.create<arith::SubIOp>(normal, constant(112 << 23)), 13);
  // Below 2^-14: 2^-24 is the last bit of a sum with 0.5, which the addition rounds.
  Value magnitude = v.bitcast(rest, v.getF32Type());
  Value sum = v.create<arith::AddFOp>(magnitude, v.splatFloat(0.5f, magnitude));
  Value subnormal = v.create<arith::SubIOp>(v.bitcast(sum, v.getI32Type()), constant(0x3f000000));
  Value result = v.create<arith::SelectOp>(atLeast(rest, 0x38800000), normal, subnormal);
  result = v.create<arith::SelectOp>(atLeast(rest, 0x477ff000), constant(0x7c00), result);
  result = v.create<arith::OrIOp>(result, sign);
  auto words = VectorType::get({v.lanes(bits)}, v.getI16Type());
  rewriter.replaceOp(op, v.bitcast(v.create<arith::TruncIOp>(words, result), v.getF16Type()));
  return success();
}

LogicalResult lowerThreadRange(uk::ThreadRangeOp op, PatternRewriter &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto bound = [&](Value thread) -> Value {
    Value product = b.create<arith::MulIOp>(op.getCount(), thread);
    return b.create<arith::DivUIOp>(product, op.getThreads());
  };
  Value one = b.create<arith::ConstantIndexOp>(1);
  Value next = b.create<arith::AddIOp>(op.getThread(), one);
  rewriter.replaceOp(op, {bound(op.getThread()), bound(next)});
  return success();
}

} // namespace

void populateGenericPatterns(RewritePatternSet &patterns) {
  patterns.add(lowerUnpack);
  patterns.add(lowerUnpackNibble);
  patterns.add(lowerTouch);
  patterns.add(lowerActQuantize);
  patterns.add(lowerReduceAdd);
  patterns.add(lowerExp);
  patterns.add(lowerWidenFloat);
  patterns.add(lowerNarrowFloat);
  patterns.add(lowerThreadRange);
}

} // namespace lobit
