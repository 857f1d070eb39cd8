// ukernel ops whose arithmetic is the same on every target (docs/numerics.md). f32 ops
// carry no fast-math flags; rounding adds and subtracts 1.5 * 2^23 instead of calling a
// function.
#include "passes/Lower/Target/Target.h"
#include "passes/Lower/Target/VectorParts.h"

#include "dialects/UKernel/UKernelOps.h"

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
  patterns.add(lowerActQuantize);
  patterns.add(lowerReduceAdd);
  patterns.add(lowerExp);
  patterns.add(lowerWidenFloat);
  patterns.add(lowerThreadRange);
}

} // namespace lobit
