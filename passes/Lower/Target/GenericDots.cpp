// The integer idioms as plain vector code, for every ISA and shape that has no better
// pattern. Lanes are little-endian: byte j of an int32 lane is its bits 8j..8j+7.
#include "passes/Lower/Target/Target.h"
#include "passes/Lower/Target/VectorParts.h"

#include "dialects/UKernel/UKernelOps.h"

using namespace mlir;

namespace lobit {
namespace {

/// Part `j` of each lane of `wide`, `bits` wide, with its sign or without.
Value partOfLane(VectorParts &v, Value wide, int64_t bits, int64_t j, bool isSigned) {
  int64_t lane = v.typeOf(wide).getElementTypeBitWidth();
  Value up = v.create<arith::ShLIOp>(wide, v.splat(lane - bits * (j + 1), wide));
  Value down = v.splat(lane - bits, wide);
  return isSigned ? v.create<arith::ShRSIOp>(up, down).getResult()
                  : v.create<arith::ShRUIOp>(up, down).getResult();
}

/// acc + sums of products of the bytes that lie in each lane of acc.
Value addByteProducts(VectorParts &v, Value acc, Value lhs, Value rhs, bool lhsSigned) {
  Type element = v.typeOf(acc).getElementType();
  Value left = v.bitcast(lhs, element), right = v.bitcast(rhs, element);
  for (int64_t j = 0; j < int64_t(element.getIntOrFloatBitWidth()) / 8; ++j) {
    Value product = v.create<arith::MulIOp>(partOfLane(v, left, 8, j, lhsSigned),
                                            partOfLane(v, right, 8, j, /*isSigned=*/true));
    acc = v.create<arith::AddIOp>(acc, product);
  }
  return acc;
}

template <typename Op> LogicalResult lowerUnsignedDot(Op op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  rewriter.replaceOp(op, addByteProducts(v, op.getAcc(), op.getLhs(), op.getRhs(), false));
  return success();
}

LogicalResult lowerDotS8(uk::DotS8Op op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  rewriter.replaceOp(op, addByteProducts(v, op.getAcc(), op.getLhs(), op.getRhs(), true));
  return success();
}

LogicalResult lowerMatmulI8(uk::MatmulI8Op op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value acc = op.getAcc();
  for (int64_t column : {0, 4}) {
    // Four columns of row i of lhs and of row j of rhs in lane 2i + j.
    SmallVector<int64_t> left, right;
    for (int64_t lane = 0; lane < 4; ++lane)
      for (int64_t k = column; k < column + 4; ++k) {
        left.push_back(lane / 2 * 8 + k);
        right.push_back(lane % 2 * 8 + k);
      }
    Value lhs = v.create<vector::ShuffleOp>(op.getLhs(), op.getLhs(), left);
    Value rhs = v.create<vector::ShuffleOp>(op.getRhs(), op.getRhs(), right);
    acc = addByteProducts(v, acc, lhs, rhs, /*lhsSigned=*/false);
  }
  rewriter.replaceOp(op, acc);
  return success();
}

LogicalResult lowerDotS8Halves(uk::DotS8HalvesOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value acc = op.getAcc();
  int64_t lanes = v.lanes(acc);
  for (int64_t begin : {int64_t(0), lanes}) {
    auto wide = [&](Value bytes) -> Value {
      return v.create<arith::ExtSIOp>(acc.getType(), v.slice(bytes, begin, lanes));
    };
    Value product = v.create<arith::MulIOp>(wide(op.getLhs()), wide(op.getRhs()));
    acc = v.create<arith::AddIOp>(acc, product);
  }
  rewriter.replaceOp(op, acc);
  return success();
}

LogicalResult lowerMultiplyAddS8(uk::MultiplyAddS8Op op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value acc = op.getAcc();
  auto wide = [&](Value bytes) -> Value { return v.create<arith::ExtSIOp>(acc.getType(), bytes); };
  Value product = v.create<arith::MulIOp>(wide(op.getLhs()), wide(op.getRhs()));
  rewriter.replaceOpWithNewOp<arith::AddIOp>(op, acc, product);
  return success();
}

LogicalResult lowerWidenAdd(uk::WidenAddOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value acc = op.getAcc(), pairs = v.bitcast(op.getInput(), v.getI32Type());
  for (int64_t j : {0, 1})
    acc = v.create<arith::AddIOp>(acc, partOfLane(v, pairs, 16, j, /*isSigned=*/true));
  rewriter.replaceOp(op, acc);
  return success();
}

LogicalResult lowerTableLookup(uk::TableLookupOp op, PatternRewriter &rewriter) {
  VectorParts v(op.getLoc(), rewriter);
  Value indices = op.getIndices(), result = indices;
  for (int64_t i = 0; i < v.lanes(indices); ++i) {
    Value index = v.create<vector::ExtractOp>(indices, ArrayRef<int64_t>{i});
    Value byte = v.create<vector::ExtractElementOp>(op.getTable(), index);
    result = v.create<vector::InsertOp>(byte, result, ArrayRef<int64_t>{i});
  }
  rewriter.replaceOp(op, result);
  return success();
}

} // namespace

void populateGenericDotPatterns(RewritePatternSet &patterns) {
  PatternBenefit last = 0; // after the patterns of the target
  patterns.add(lowerUnsignedDot<uk::DotI8Op>, last);
  patterns.add(lowerUnsignedDot<uk::DotI8PairsOp>, last);
  patterns.add(lowerDotS8, last);
  patterns.add(lowerMatmulI8, last);
  patterns.add(lowerDotS8Halves, last);
  patterns.add(lowerMultiplyAddS8, last);
  patterns.add(lowerWidenAdd, last);
  patterns.add(lowerTableLookup, last);
}

} // namespace lobit
