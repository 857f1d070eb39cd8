#include "passes/Lower/X86/X86.h"
#include "passes/Lower/X86/Amx.h"
#include "passes/Lower/X86/Intrinsics.h"

#include "dialects/UKernel/UKernelOps.h"
#include "passes/Lower/Target/CodeTables.h"
#include "passes/Lower/Target/EvenOdd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

/// Bytes of the widest form of an idiom that divides `bytes`; 16 when there is none.
int64_t widest(X86Idiom idiom, int64_t bytes, const IsaInfo &isa) {
  for (int64_t part : {64, 32})
    if (bytes % part == 0 && findX86Intrinsic(idiom, part, isa))
      return part;
  return 16;
}

template <typename Op> class X86Pattern : public OpRewritePattern<Op> {
public:
  X86Pattern(MLIRContext *context, const IsaInfo &isa, PatternBenefit benefit = 1)
      : OpRewritePattern<Op>(context, benefit), isa(isa) {}

protected:
  Value call(VectorParts &v, const X86Intrinsic *row, Type type, ValueRange operands) const {
    return callX86(v, *row, type, operands)->getResult(0);
  }

  /// acc + sums of adjacent products of int16 lanes.
  Value addPairsI16(VectorParts &v, Value acc, Value a, Value b) const {
    const X86Intrinsic *row = findX86Intrinsic(X86Idiom::PairsI16, v.lanes(a) * 2, isa);
    return v.create<arith::AddIOp>(acc, call(v, row, acc.getType(), {a, b}));
  }

  const IsaInfo &isa;
};

class DotI8Pattern : public X86Pattern<uk::DotI8Op> {
public:
  using X86Pattern::X86Pattern;

  LogicalResult matchAndRewrite(uk::DotI8Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = v.lanes(op.getLhs());
    if (bytes % 16 != 0)
      return failure();
    int64_t width = widest(X86Idiom::PairsI16, bytes, isa);
    // maddubs saturates: only for codes whose pairs fit an int16.
    bool pairsFit = 2 * op.getMax() * 128 <= 32767;
    rewriter.replaceOp(
        op,
        v.mapParts(
            bytes / width, {op.getAcc(), op.getLhs(), op.getRhs()},
            [&](ArrayRef<Value> part) -> Value {
              Value acc = part[0], lhs = part[1], rhs = part[2];
              if (const X86Intrinsic *quads = findX86Intrinsic(X86Idiom::QuadsU8S8, width, isa))
                return call(v, quads, acc.getType(),
                            {acc, v.bitcast(lhs, v.getI32Type()), v.bitcast(rhs, v.getI32Type())});
              const X86Intrinsic *pairs = findX86Intrinsic(X86Idiom::PairsU8S8, width, isa);
              if (pairs && pairsFit) {
                auto words = VectorType::get({width / 2}, v.getI16Type());
                Value sums = call(v, pairs, words, {lhs, rhs});
                return addPairsI16(v, acc, sums, v.splat(1, sums));
              }
              EvenOdd l = unsignedLanes(v, lhs), r = signedLanes(v, rhs);
              return addPairsI16(v, addPairsI16(v, acc, l.even, r.even), l.odd, r.odd);
            }));
    return success();
  }
};

class DotI8PairsPattern : public X86Pattern<uk::DotI8PairsOp> {
public:
  using X86Pattern::X86Pattern;

  LogicalResult matchAndRewrite(uk::DotI8PairsOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = v.lanes(op.getLhs());
    if (bytes % 16 != 0)
      return failure();
    int64_t width = widest(X86Idiom::PairsU8S8, bytes, isa);
    rewriter.replaceOp(op, v.mapParts(bytes / width, {op.getAcc(), op.getLhs(), op.getRhs()},
                                      [&](ArrayRef<Value> part) -> Value {
                                        Value acc = part[0], lhs = part[1], rhs = part[2];
                                        const X86Intrinsic *pairs =
                                            findX86Intrinsic(X86Idiom::PairsU8S8, width, isa);
                                        if (!pairs)
                                          return addPairProducts(v, acc, lhs, rhs);
                                        return v.create<arith::AddIOp>(
                                            acc, call(v, pairs, acc.getType(), {lhs, rhs}));
                                      }));
    return success();
  }
};

class WidenAddPattern : public X86Pattern<uk::WidenAddOp> {
public:
  using X86Pattern::X86Pattern;

  LogicalResult matchAndRewrite(uk::WidenAddOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = 2 * v.lanes(op.getInput());
    if (bytes % 16 != 0)
      return failure();
    int64_t width = widest(X86Idiom::PairsI16, bytes, isa);
    rewriter.replaceOp(
        op,
        v.mapParts(bytes / width, {op.getAcc(), op.getInput()}, [&](ArrayRef<Value> part) -> Value {
          return addPairsI16(v, part[0], part[1], v.splat(1, part[1]));
        }));
    return success();
  }
};

class TableLookupPattern : public X86Pattern<uk::TableLookupOp> {
public:
  using X86Pattern::X86Pattern;

  LogicalResult matchAndRewrite(uk::TableLookupOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = v.lanes(op.getIndices());
    int64_t width = widest(X86Idiom::Lookup, bytes, isa);
    const X86Intrinsic *lookup = findX86Intrinsic(X86Idiom::Lookup, width, isa);
    if (!lookup)
      return failure();
    SmallVector<int64_t> lanes;
    for (int64_t i = 0; i < width; ++i)
      lanes.push_back(i % 16);
    Value table = v.create<vector::ShuffleOp>(op.getTable(), op.getTable(), lanes);
    rewriter.replaceOp(
        op, v.mapParts(bytes / width, {op.getIndices()}, [&](ArrayRef<Value> part) -> Value {
          return call(v, lookup, part[0].getType(), {table, part[0]});
        }));
    return success();
  }
};

/// AVX-512 F has an instruction for f16; a NaN differs at most in its payload.
class WidenFloatPattern : public OpRewritePattern<uk::WidenFloatOp> {
public:
  WidenFloatPattern(MLIRContext *context, const IsaInfo &isa)
      : OpRewritePattern(context, /*benefit=*/2), isa(isa) {}

  LogicalResult matchAndRewrite(uk::WidenFloatOp op, PatternRewriter &rewriter) const override {
    auto input = cast<VectorType>(op.getInput().getType());
    if (!hasX86Features(isa, CpuAvx512F) || !input.getElementType().isF16() ||
        input.getDimSize(0) % 16 != 0)
      return failure();
    rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getResult().getType(), op.getInput());
    return success();
  }

private:
  const IsaInfo &isa;
};

/// What select_pairs and expand_pairs share: a table of 4 bytes for each mask of two of
/// four pairs, looked up by the nibble of each lane. 32 bytes hold 8 entries: the low
/// three bits of the six masks differ.
template <typename Op> class PairsPattern : public X86Pattern<Op> {
public:
  using X86Pattern<Op>::X86Pattern;

protected:
  /// Bytes of a vector that can be looked up at once, or 0.
  int64_t widthOf(int64_t bytes) const {
    int64_t width = widest(X86Idiom::Permute, bytes, this->isa);
    return findX86Intrinsic(X86Idiom::Permute, width, this->isa) ? width : 0;
  }

  /// `entry(mask, j)`, j = 0..3, at the place of each mask.
  template <typename Entry> Value table(VectorParts &v, int64_t width, Entry entry) const {
    SmallVector<int8_t> bytes(width, 0);
    for (unsigned mask : pairMasks)
      for (int64_t j = 0; j < 4; ++j)
        bytes[(4 * mask + j) % width] = int8_t(entry(mask, j));
    auto type = VectorType::get({width}, v.getI8Type());
    return v.create<arith::ConstantOp>(DenseElementsAttr::get(type, ArrayRef(bytes)));
  }

  /// The entry of nibble `nibble` of each lane.
  Value lookUp(VectorParts &v, Value table, Value lanes, int64_t nibble) const {
    if (nibble != 0)
      lanes = v.create<arith::ShRUIOp>(lanes, v.splat(4 * nibble, lanes));
    Value entries = v.bitcast(table, v.getI32Type());
    const X86Intrinsic *permute = findX86Intrinsic(X86Idiom::Permute, v.lanes(table), this->isa);
    return v.bitcast(this->call(v, permute, entries.getType(), {entries, lanes}), v.getI8Type());
  }

  Value shuffleBytes(VectorParts &v, Value bytes, Value control) const {
    const X86Intrinsic *shuffle = findX86Intrinsic(X86Idiom::Lookup, v.lanes(bytes), this->isa);
    return this->call(v, shuffle, bytes.getType(), {bytes, control});
  }
};

/// The table holds the pairs themselves, made by one shuffle for all lanes.
class SelectPairsPattern : public PairsPattern<uk::SelectPairsOp> {
public:
  using PairsPattern::PairsPattern;

  LogicalResult matchAndRewrite(uk::SelectPairsOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = v.lanes(op.getResult()), width = widthOf(bytes);
    if (!width)
      return failure();
    Value x =
        v.create<vector::ExtractOp>(v.bitcast(op.getX(), v.getI64Type()), ArrayRef<int64_t>{0});
    x = v.create<vector::BroadcastOp>(VectorType::get({width / 8}, v.getI64Type()), x);
    x = v.bitcast(x, v.getI8Type());
    if (op.getBiased())
      x = v.create<arith::XOrIOp>(x, v.splat(-128, x));
    Value pairs = shuffleBytes(v, x, table(v, width, keptByte));
    rewriter.replaceOp(
        op, v.mapParts(bytes / width, {op.getMasks()}, [&](ArrayRef<Value> part) -> Value {
          return lookUp(v, pairs, part[0], op.getNibble());
        }));
    return success();
  }
};

/// The table holds the control bytes of a shuffle inside the lane.
class ExpandPairsPattern : public PairsPattern<uk::ExpandPairsOp> {
public:
  using PairsPattern::PairsPattern;

  LogicalResult matchAndRewrite(uk::ExpandPairsOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = v.lanes(op.getResult()), width = widthOf(bytes);
    if (!width)
      return failure();
    Value controls = table(v, width, [&](unsigned mask, int64_t j) {
      return expandedByte(mask, op.getHalf(), j); // -128 to pshufb is zero
    });
    SmallVector<int8_t> lane;
    for (int64_t i = 0; i < width; ++i)
      lane.push_back(int8_t(i % 16 / 4 * 4));
    Value inLane = v.create<arith::ConstantOp>(
        DenseElementsAttr::get(VectorType::get({width}, v.getI8Type()), ArrayRef(lane)));
    rewriter.replaceOp(op, v.mapParts(bytes / width, {op.getValues(), op.getMasks()},
                                      [&](ArrayRef<Value> part) -> Value {
                                        Value control =
                                            lookUp(v, controls, part[1], op.getNibble());
                                        control = v.create<arith::OrIOp>(control, inLane);
                                        return shuffleBytes(v, part[0], control);
                                      }));
    return success();
  }
};

/// A plane in the middle: one lookup in place of a shift and an AND, which share ports with
/// the dot products.
class UnpackPattern : public X86Pattern<uk::UnpackOp> {
public:
  UnpackPattern(MLIRContext *context, const IsaInfo &isa)
      : X86Pattern(context, isa, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(uk::UnpackOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    const X86Intrinsic *lookup = findX86Intrinsic(X86Idiom::Lookup64, v.lanes(op.getInput()), isa);
    int64_t plane = op.getPlane();
    if (!lookup || op.getInPlace() || plane == 0 || plane == 3)
      return failure();
    // The lookup ignores bits 6 and 7, plane 3.
    SmallVector<int8_t> codes;
    for (int i = 0; i < 64; ++i)
      codes.push_back(int8_t(i >> (2 * plane) & 3));
    auto type = cast<VectorType>(op.getType());
    Value table = v.create<arith::ConstantOp>(DenseElementsAttr::get(type, ArrayRef(codes)));
    rewriter.replaceOp(op, call(v, lookup, type, {table, op.getInput()}));
    return success();
  }
};

/// Two lookups in tables of 64 bytes. The first gives c3, c4 and T mod 7; under the two
/// bits of u that is w.
class UnpackBase3Pattern : public X86Pattern<uk::UnpackBase3Op> {
public:
  using X86Pattern::X86Pattern;

  LogicalResult matchAndRewrite(uk::UnpackBase3Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    const X86Intrinsic *lookup = findX86Intrinsic(X86Idiom::Lookup64, v.lanes(op.getInput()), isa);
    if (!lookup)
      return failure();
    const std::array<int8_t, 64> highCodes = base3HighCodes();
    std::array<int8_t, 64> lowCodes = {};
    llvm::copy(base3LowCodes(), lowCodes.begin());
    Type type = op.getLow().getType();
    auto table = [&](ArrayRef<int8_t> codes) -> Value {
      return v.create<arith::ConstantOp>(DenseElementsAttr::get(cast<VectorType>(type), codes));
    };
    Value high = call(v, lookup, type, {table(highCodes), op.getInput()});
    Value u = v.create<arith::ShRUIOp>(op.getInput(), v.splat(6, high));
    // The lookup ignores bits 6 and 7, so that this is one select of bits.
    Value index = v.create<arith::OrIOp>(v.create<arith::AndIOp>(high, v.splat(~3, high)), u);
    Value low = call(v, lookup, type, {table(lowCodes), index});
    rewriter.replaceOp(op, {low, high});
    return success();
  }
};

} // namespace

void populateX86Patterns(RewritePatternSet &patterns, const IsaInfo &isa) {
  patterns
      .add<DotI8Pattern, DotI8PairsPattern, WidenAddPattern, TableLookupPattern, WidenFloatPattern,
           SelectPairsPattern, ExpandPairsPattern, UnpackPattern, UnpackBase3Pattern>(
          patterns.getContext(), isa);
  populateAmxPatterns(patterns, isa);
}

} // namespace lobit
