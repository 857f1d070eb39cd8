#include "passes/Lower/Arm/Arm.h"

#include "dialects/UKernel/UKernelOps.h"
#include "passes/Lower/Target/CodeTables.h"
#include "passes/Lower/Target/VectorParts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

enum class Idiom {
  Lookup,
  Lookup2,
  Lookup4,
  Insert,
  MultiplyS8,
  PairsI16,
  AddPairs,
  QuadsS8,
  QuadsU8S8,
  MatmulU8S8
};

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

class MultiplyAddS8Pattern : public ArmPattern<uk::MultiplyAddS8Op> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::MultiplyAddS8Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    if (v.lanes(op.getLhs()) % 8 != 0)
      return failure();
    Value acc = op.getAcc();
    SmallVector<Value> sums;
    for (int64_t begin = 0; begin < v.lanes(acc); begin += 8)
      sums.push_back(plus(v, v.slice(acc, begin, 8), products(v, op.getLhs(), op.getRhs(), begin)));
    rewriter.replaceOp(op, v.join(sums));
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

/// Two lookups as on x86 (X86.cpp), the second in a table of 32 bytes. The first gives c3, c4
/// and, above them in the same byte, w without its two low bits.
class UnpackBase3Pattern : public ArmPattern<uk::UnpackBase3Op> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::UnpackBase3Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    Value bytes = op.getInput();
    int64_t count = v.lanes(bytes);
    if (count % registerBytes != 0)
      return failure();
    SmallVector<Value> lows, highs;
    for (int64_t begin = 0; begin < count; begin += registerBytes) {
      Value part = count == registerBytes ? bytes : v.slice(bytes, begin, registerBytes);
      Value first = v.create<arith::AndIOp>(part, v.splat(63, part));
      Value high = lookUp(v, Idiom::Lookup4, base3HighCodes(), first);
      // (T mod 7) times 4 without c4 and c3, and the two high bits of the byte.
      Value rest = v.create<arith::AndIOp>(high, v.splat(28, part));
      Value top = v.create<arith::ShRUIOp>(part, v.splat(6, part));
      lows.push_back(lookUp(v, Idiom::Lookup2, base3LowCodes(), v.create<arith::OrIOp>(rest, top)));
      highs.push_back(high);
    }
    rewriter.replaceOp(op, {v.join(lows), v.join(highs)});
    return success();
  }

private:
  Value lookUp(VectorParts &v, Idiom idiom, ArrayRef<int8_t> table, Value index) const {
    SmallVector<Value> operands;
    for (size_t begin = 0; begin < table.size(); begin += registerBytes)
      operands.push_back(v.create<arith::ConstantOp>(
          DenseElementsAttr::get(VectorParts::typeOf(index), table.slice(begin, registerBytes))));
    operands.push_back(index);
    return call(v, idiom, index.getType(), operands);
  }
};

/// A plane at bits 2..7 is a signed code times 4 once its top bit is flipped. Plane 3 is put
/// together in the same place; flipping bit 1 of the third vector, too, flips its top bit.
class UnpackI6Pattern : public ArmPattern<uk::UnpackI6Op> {
public:
  using ArmPattern::ArmPattern;

  LogicalResult matchAndRewrite(uk::UnpackI6Op op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    auto flip = [&](Value bytes, int64_t bits) -> Value {
      return v.create<arith::XOrIOp>(bytes, v.splat(bits, bytes));
    };
    auto code = [&](ArrayRef<Value> part) -> Value {
      Value third = flip(part[2], -128 | 2), times4;
      if (op.getPlane() == 3) {
        auto insert = [&](Value low, Value high, int64_t at) {
          Value shift = v.create<LLVM::ConstantOp>(v.getI32Type(), v.getI32IntegerAttr(at));
          return call(v, Idiom::Insert, low.getType(), {low, high, shift});
        };
        Value first = v.create<arith::ShLIOp>(part[0], v.splat(2, part[0]));
        times4 = insert(insert(first, part[1], 4), third, 6);
      } else {
        times4 = op.getPlane() == 2 ? third : flip(part[op.getPlane()], -128);
        if (op.getInPlace())
          times4 = v.create<arith::AndIOp>(times4, v.splat(-4, times4));
      }
      if (op.getInPlace())
        return times4;
      return v.create<arith::ShRSIOp>(times4, v.splat(2, times4));
    };
    return replaceInParts(op, rewriter, v, v.lanes(op.getResult()),
                          {op.getFirst(), op.getSecond(), op.getThird()}, code);
  }
};

/// What select_pairs and expand_pairs share: a table of 4 bytes for each mask of two of
/// four pairs. Three bits of a mask tell the six apart, the low or the high ones: so a
/// table is 32 bytes, byte j of entry e at 8 j + e.
template <typename Op> class PairsPattern : public ArmPattern<Op> {
public:
  using ArmPattern<Op>::ArmPattern;

protected:
  /// Both halves of the table of `entry(mask, j)` for a nibble.
  template <typename Entry>
  std::array<Value, 2> table(VectorParts &v, int64_t nibble, Entry entry) const {
    SmallVector<int8_t> bytes(2 * registerBytes, 0);
    for (unsigned mask : pairMasks)
      for (int64_t j = 0; j < 4; ++j)
        bytes[8 * j + (nibble % 2 ? mask >> 1 : mask & 7)] = int8_t(entry(mask, j));
    auto half = [&](int64_t begin) {
      return constant(v, ArrayRef(bytes).slice(begin, registerBytes));
    };
    return {half(0), half(registerBytes)};
  }

  Value constant(VectorParts &v, ArrayRef<int8_t> bytes) const {
    auto type = VectorType::get({int64_t(bytes.size())}, v.getI8Type());
    return v.create<arith::ConstantOp>(DenseElementsAttr::get(type, bytes));
  }

  /// The entries of one nibble of each of four lanes.
  Value lookUp(VectorParts &v, std::array<Value, 2> table, Value lanes, int64_t nibble) const {
    SmallVector<int8_t> places, planes;
    for (int64_t i = 0; i < registerBytes; ++i) {
      places.push_back(int8_t(i / 4 * 4 + nibble / 2));
      planes.push_back(int8_t(8 * (i % 4)));
    }
    Value bytes = v.bitcast(lanes, v.getI8Type());
    Value index = this->call(v, Idiom::Lookup, bytes.getType(), {bytes, constant(v, places)});
    if (nibble % 2)
      index = v.create<arith::ShRUIOp>(index, v.splat(5, index));
    else
      index = v.create<arith::AndIOp>(index, v.splat(7, index));
    index = v.create<arith::OrIOp>(index, constant(v, planes));
    return this->call(v, Idiom::Lookup2, bytes.getType(), {table[0], table[1], index});
  }
};

/// The table holds the pairs themselves, made by two lookups for all lanes.
class SelectPairsPattern : public PairsPattern<uk::SelectPairsOp> {
public:
  using PairsPattern::PairsPattern;

  LogicalResult matchAndRewrite(uk::SelectPairsOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    auto [x, begin] = partOfRegister(v, op.getX());
    std::array<Value, 2> pairs =
        table(v, op.getNibble(),
              [begin = begin](unsigned mask, int64_t j) { return begin + keptByte(mask, j); });
    if (op.getBiased())
      x = v.create<arith::XOrIOp>(x, v.splat(-128, x));
    for (Value &half : pairs)
      half = call(v, Idiom::Lookup, x.getType(), {x, half});
    return replaceInParts(
        op, rewriter, v, v.lanes(op.getResult()), {op.getMasks()},
        [&](ArrayRef<Value> part) { return lookUp(v, pairs, part[0], op.getNibble()); });
  }

private:
  /// A register with the 8 bytes `x`, and where: the one that they are taken out of.
  std::pair<Value, int64_t> partOfRegister(VectorParts &v, Value x) const {
    if (auto slice = x.getDefiningOp<vector::ShuffleOp>()) {
      SmallVector<int64_t> lanes;
      for (auto lane : slice.getMask().getAsRange<IntegerAttr>())
        lanes.push_back(lane.getInt());
      bool isSlice = llvm::all_of(llvm::enumerate(lanes), [&](auto lane) {
        return lane.value() == lanes[0] + int64_t(lane.index());
      });
      if (isSlice && v.lanes(slice.getV1()) == registerBytes && lanes[0] <= registerBytes - 8)
        return {slice.getV1(), lanes[0]};
    }
    return {v.create<vector::ShuffleOp>(
                x, x, ArrayRef<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7}),
            0};
  }
};

/// The table holds the control bytes of a lookup inside the lane.
class ExpandPairsPattern : public PairsPattern<uk::ExpandPairsOp> {
public:
  using PairsPattern::PairsPattern;

  LogicalResult matchAndRewrite(uk::ExpandPairsOp op, PatternRewriter &rewriter) const override {
    VectorParts v(op.getLoc(), rewriter);
    std::array<Value, 2> controls = table(v, op.getNibble(), [&](unsigned mask, int64_t j) {
      return expandedByte(mask, op.getHalf(), j); // -128 is out of the table: zero
    });
    SmallVector<int8_t> lane;
    for (int64_t i = 0; i < registerBytes; ++i)
      lane.push_back(int8_t(i / 4 * 4));
    Value inLane = constant(v, lane);
    return replaceInParts(op, rewriter, v, v.lanes(op.getResult()), {op.getValues(), op.getMasks()},
                          [&](ArrayRef<Value> part) {
                            Value control = lookUp(v, controls, part[1], op.getNibble());
                            control = v.create<arith::OrIOp>(control, inLane);
                            return call(v, Idiom::Lookup, part[0].getType(), {part[0], control});
                          });
  }
};

} // namespace

void populateArmPatterns(RewritePatternSet &patterns, const IsaInfo &isa) {
  patterns.add<DotI8Pattern, DotS8Pattern, MatmulI8Pattern, DotI8PairsPattern, DotS8HalvesPattern,
               MultiplyAddS8Pattern, WidenAddPattern, TableLookupPattern, UnpackBase3Pattern,
               UnpackI6Pattern, SelectPairsPattern, ExpandPairsPattern>(patterns.getContext(), isa);
}

} // namespace lobit
