#include "passes/Lower/Wasm/Wasm.h"

#include "dialects/UKernel/UKernelOps.h"
#include "passes/Lower/Target/EvenOdd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

enum class Idiom { PairsI16, PairsS8U7, Lookup };

struct Intrinsic {
  Idiom idiom;
  uint64_t features;
  const char *name;
};

constexpr Intrinsic intrinsics[] = {
#define LOBIT_WASM_INTRINSIC(idiom, features, name) {Idiom::idiom, features, name},
#include "passes/Lower/Wasm/Intrinsics.inc"
};

constexpr int64_t vectorBytes = 16;

/// What relaxed SIMD defines: the second operand of its dot product has 7 bits.
constexpr int64_t maxSevenBits = 127;

bool hasFeatures(const IsaInfo &isa, uint64_t features) {
  return (features & ~isa.requiredCpuFeatures) == 0;
}

/// The first intrinsic in the table that the ISA has, or null.
const Intrinsic *find(Idiom idiom, const IsaInfo &isa) {
  for (const Intrinsic &row : intrinsics)
    if (row.idiom == idiom && hasFeatures(isa, row.features))
      return &row;
  return nullptr;
}

template <typename Op> class WasmPattern : public OpRewritePattern<Op> {
public:
  WasmPattern(MLIRContext *context, const IsaInfo &isa) : OpRewritePattern<Op>(context), isa(isa) {}

protected:
  Value call(VectorParts &v, const Intrinsic *row, Type type, ValueRange operands) const {
    auto none = LLVM::FastmathFlagsAttr::get(v.getContext(), LLVM::FastmathFlags::none);
    return v.create<LLVM::CallIntrinsicOp>(type, v.getStringAttr(row->name), operands, none)
        ->getResult(0);
  }

  /// acc + sums of adjacent products of int16 lanes.
  Value addPairsI16(VectorParts &v, Value acc, Value a, Value b) const {
    return v.create<arith::AddIOp>(acc, call(v, find(Idiom::PairsI16, isa), acc.getType(), {a, b}));
  }

  /// The lanes of codes that come out of an unpack: one mask selects plane and byte.
  EvenOdd codeLanes(VectorParts &v, uk::UnpackOp unpack) const {
    Value words = v.bitcast(unpack.getInput(), v.getI16Type());
    Value high = v.create<arith::ShRUIOp>(words, v.splat(8, words));
    int64_t shift = 2 * unpack.getPlane();
    auto select = [&](Value from) -> Value {
      if (unpack.getInPlace())
        return v.create<arith::AndIOp>(from, v.splat(3 << shift, from));
      if (shift != 0)
        from = v.create<arith::ShRUIOp>(from, v.splat(shift, from));
      return v.create<arith::AndIOp>(from, v.splat(3, from));
    };
    return {select(words), select(high)};
  }

  const IsaInfo &isa;
};

class DotI8Pattern : public WasmPattern<uk::DotI8Op> {
public:
  using WasmPattern::WasmPattern;

  LogicalResult matchAndRewrite(uk::DotI8Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = v.lanes(op.getLhs());
    if (bytes % vectorBytes != 0)
      return failure();
    const Intrinsic *pairs =
        static_cast<int64_t>(op.getMax()) <= maxSevenBits ? find(Idiom::PairsS8U7, isa) : nullptr;
    auto unpack = op.getLhs().getDefiningOp<uk::UnpackOp>();
    if (unpack && !pairs && bytes == vectorBytes) {
      EvenOdd l = codeLanes(v, unpack), r = signedLanes(v, op.getRhs());
      Value even = addPairsI16(v, op.getAcc(), l.even, r.even);
      rewriter.replaceOp(op, addPairsI16(v, even, l.odd, r.odd));
      return success();
    }
    rewriter.replaceOp(
        op, v.mapParts(bytes / vectorBytes, {op.getAcc(), op.getLhs(), op.getRhs()},
                       [&](ArrayRef<Value> part) -> Value {
                         Value acc = part[0], lhs = part[1], rhs = part[2];
                         if (pairs) {
                           auto words = VectorType::get({vectorBytes / 2}, v.getI16Type());
                           Value sums = call(v, pairs, words, {rhs, lhs});
                           return addPairsI16(v, acc, sums, v.splat(1, sums));
                         }
                         EvenOdd l = unsignedLanes(v, lhs), r = signedLanes(v, rhs);
                         return addPairsI16(v, addPairsI16(v, acc, l.even, r.even), l.odd, r.odd);
                       }));
    return success();
  }
};

class DotI8PairsPattern : public WasmPattern<uk::DotI8PairsOp> {
public:
  using WasmPattern::WasmPattern;

  LogicalResult matchAndRewrite(uk::DotI8PairsOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = v.lanes(op.getLhs());
    if (bytes % vectorBytes != 0)
      return failure();
    const Intrinsic *pairs =
        static_cast<int64_t>(op.getMax()) <= maxSevenBits ? find(Idiom::PairsS8U7, isa) : nullptr;
    rewriter.replaceOp(op, v.mapParts(bytes / vectorBytes, {op.getAcc(), op.getLhs(), op.getRhs()},
                                      [&](ArrayRef<Value> part) -> Value {
                                        Value acc = part[0], lhs = part[1], rhs = part[2];
                                        if (!pairs)
                                          return addPairProducts(v, acc, lhs, rhs);
                                        return v.create<arith::AddIOp>(
                                            acc, call(v, pairs, acc.getType(), {rhs, lhs}));
                                      }));
    return success();
  }
};

class WidenAddPattern : public WasmPattern<uk::WidenAddOp> {
public:
  using WasmPattern::WasmPattern;

  LogicalResult matchAndRewrite(uk::WidenAddOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    int64_t bytes = 2 * v.lanes(op.getInput());
    if (bytes % vectorBytes != 0)
      return failure();
    rewriter.replaceOp(op, v.mapParts(bytes / vectorBytes, {op.getAcc(), op.getInput()},
                                      [&](ArrayRef<Value> part) -> Value {
                                        return addPairsI16(v, part[0], part[1],
                                                           v.splat(1, part[1]));
                                      }));
    return success();
  }
};

class TableLookupPattern : public WasmPattern<uk::TableLookupOp> {
public:
  using WasmPattern::WasmPattern;

  LogicalResult matchAndRewrite(uk::TableLookupOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    const Intrinsic *lookup = find(Idiom::Lookup, isa);
    rewriter.replaceOp(op, v.mapParts(v.lanes(op.getIndices()) / vectorBytes, {op.getIndices()},
                                      [&](ArrayRef<Value> part) -> Value {
                                        return call(v, lookup, part[0].getType(),
                                                    {op.getTable(), part[0]});
                                      }));
    return success();
  }
};

/// A volatile load: LLVM keeps it, and the engine too, because it may trap.
class TouchPattern : public WasmPattern<uk::TouchOp> {
public:
  using WasmPattern::WasmPattern;

  LogicalResult matchAndRewrite(uk::TouchOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    Value start = v.create<memref::ExtractAlignedPointerAsIndexOp>(op.getBuffer());
    Value address = v.create<arith::AddIOp>(start, op.getAt());
    Value word = v.create<arith::IndexCastOp>(v.getI32Type(), address);
    Value pointer = v.create<LLVM::IntToPtrOp>(LLVM::LLVMPointerType::get(v.getContext()), word);
    v.create<LLVM::LoadOp>(v.getI8Type(), pointer, /*alignment=*/1, /*isVolatile=*/true);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void populateWasmPatterns(RewritePatternSet &patterns, const IsaInfo &isa) {
  patterns.add<DotI8Pattern, DotI8PairsPattern, WidenAddPattern, TableLookupPattern, TouchPattern>(
      patterns.getContext(), isa);
}

} // namespace lobit
