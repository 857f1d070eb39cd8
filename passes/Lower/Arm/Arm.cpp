#include "passes/Lower/Arm/Arm.h"

#include "dialects/UKernel/UKernelOps.h"
#include "passes/Lower/Target/VectorParts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

enum class Idiom { Lookup, MultiplyS8, PairsI16, AddPairs, QuadsS8, QuadsU8S8, MatmulU8S8 };

struct Intrinsic {
  Idiom idiom;
  uint64_t features;
  const char *name;
};

constexpr Intrinsic intrinsics[] = {
#define LOBIT_ARM_INTRINSIC(idiom, features, name) {Idiom::idiom, features, name},
#include "passes/Lower/Arm/Intrinsics.inc"
};

constexpr int64_t registerBytes = 16;
constexpr int64_t maxS8 = 127;

template <typename Op> class ArmPattern : public OpRewritePattern<Op> {
public:
  ArmPattern(MLIRContext *context, const IsaInfo &isa) : OpRewritePattern<Op>(context), isa(isa) {}

protected:
  const Intrinsic *find(Idiom idiom) const {
    for (const Intrinsic &row : intrinsics)
      if (row.idiom == idiom && (row.features & ~isa.requiredCpuFeatures) == 0)
        return &row;
    return nullptr;
  }

  Value call(VectorParts &v, Idiom idiom, Type type, ValueRange operands) const {
    auto none = LLVM::FastmathFlagsAttr::get(v.getContext(), LLVM::FastmathFlags::none);
    return v
        .create<LLVM::CallIntrinsicOp>(type, v.getStringAttr(find(idiom)->name), operands, none)
        ->getResult(0);
  }

  /// The int16 products of eight s8 lanes from `begin`: smull, smull2.
  Value products(VectorParts &v, Value lhs, Value rhs, int64_t begin) const {
    auto words = VectorType::get({8}, v.getI16Type());
    return call(v, Idiom::MultiplyS8, words, {v.slice(lhs, begin, 8), v.slice(rhs, begin, 8)});
  }

  Value plus(VectorParts &v, Value a, Value b) const { return v.create<arith::AddIOp>(a, b); }

  /// acc + sums of adjacent int16 lanes: sadalp.
  Value addPairsI16(VectorParts &v, Value acc, Value words) const {
    return plus(v, acc, call(v, Idiom::PairsI16, acc.getType(), {words}));
  }

  /// acc + the sums of four products of signed bytes; lhs is at least -127.
  Value addQuadsS8(VectorParts &v, Value acc, Value lhs, Value rhs) const {
    if (find(Idiom::QuadsS8))
      return call(v, Idiom::QuadsS8, acc.getType(), {acc, lhs, rhs});
    Value pairs = call(v, Idiom::AddPairs, VectorType::get({8}, v.getI16Type()),
                       {products(v, lhs, rhs, 0), products(v, lhs, rhs, 8)});
    return addPairsI16(v, acc, pairs);
  }

  const IsaInfo &isa;
};

/// Replaces an op on `bytes` bytes part by part.
LogicalResult replaceInParts(Operation *op, PatternRewriter &rewriter, VectorParts &v,
                             int64_t bytes, ArrayRef<Value> operands,
                             llvm::function_ref<Value(ArrayRef<Value>)> f) {
  if (bytes % registerBytes != 0)
    return failure();
  rewriter.replaceOp(op, v.mapParts(bytes / registerBytes, operands, f));
  return success();
}

class DotI8Pattern : public ArmPattern<uk::DotI8Op> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::DotI8Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    // Codes of seven bits are the same numbers as signed bytes.
    bool isSigned = int64_t(op.getMax()) <= maxS8;
    if (!isSigned && !find(Idiom::QuadsU8S8))
      return failure();
    return replaceInParts(op, rewriter, v, v.lanes(op.getLhs()),
                          {op.getAcc(), op.getLhs(), op.getRhs()}, [&](ArrayRef<Value> part) {
                            if (isSigned)
                              return addQuadsS8(v, part[0], part[1], part[2]);
                            return call(v, Idiom::QuadsU8S8, part[0].getType(), part);
                          });
  }
};

class DotS8Pattern : public ArmPattern<uk::DotS8Op> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::DotS8Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    return replaceInParts(
        op, rewriter, v, v.lanes(op.getLhs()), {op.getAcc(), op.getLhs(), op.getRhs()},
        [&](ArrayRef<Value> part) { return addQuadsS8(v, part[0], part[1], part[2]); });
  }
};

class MatmulI8Pattern : public ArmPattern<uk::MatmulI8Op> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::MatmulI8Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    if (!find(Idiom::MatmulU8S8))
      return failure();
    rewriter.replaceOp(
        op, call(v, Idiom::MatmulU8S8, op.getType(), {op.getAcc(), op.getLhs(), op.getRhs()}));
    return success();
  }
};

class DotI8PairsPattern : public ArmPattern<uk::DotI8PairsOp> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::DotI8PairsOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    if (int64_t(op.getMax()) > maxS8)
      return failure();
    return replaceInParts(
        op, rewriter, v, v.lanes(op.getLhs()), {op.getAcc(), op.getLhs(), op.getRhs()},
        [&](ArrayRef<Value> part) {
          Value low = products(v, part[1], part[2], 0), high = products(v, part[1], part[2], 8);
          return plus(v, part[0], call(v, Idiom::AddPairs, part[0].getType(), {low, high}));
        });
  }
};

class DotS8HalvesPattern : public ArmPattern<uk::DotS8HalvesOp> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::DotS8HalvesOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    if (v.lanes(op.getLhs()) != registerBytes)
      return failure();
    Value sum = plus(v, op.getAcc(), products(v, op.getLhs(), op.getRhs(), 0));
    rewriter.replaceOp(op, plus(v, sum, products(v, op.getLhs(), op.getRhs(), 8)));
    return success();
  }
};

class WidenAddPattern : public ArmPattern<uk::WidenAddOp> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::WidenAddOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    return replaceInParts(op, rewriter, v, 2 * v.lanes(op.getInput()), {op.getAcc(), op.getInput()},
                          [&](ArrayRef<Value> part) { return addPairsI16(v, part[0], part[1]); });
  }
};

class TableLookupPattern : public ArmPattern<uk::TableLookupOp> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::TableLookupOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    return replaceInParts(
        op, rewriter, v, v.lanes(op.getIndices()), {op.getIndices()}, [&](ArrayRef<Value> part) {
          return call(v, Idiom::Lookup, part[0].getType(), {op.getTable(), part[0]});
        });
  }
};

} // namespace

void populateArmPatterns(RewritePatternSet &patterns, const IsaInfo &isa) {
  patterns.add<DotI8Pattern, DotS8Pattern, MatmulI8Pattern, DotI8PairsPattern, DotS8HalvesPattern,
               WidenAddPattern, TableLookupPattern>(patterns.getContext(), isa);
}

} // namespace lobit
