// dot_i8_panel: x is the first operand of a product of tiles, 16 tokens x 64 columns, the panel
// the second, 16 quads of columns x 16 rows of weights, and sums is the result, 16 tokens x 16
// rows. None is moved first: a tile is rows of 64 bytes at any distance.
//
// 32 tokens x 32 rows are done at once, four sums and two of each operand: all eight registers.
// Tokens and quads that do not fill a tile get smaller tiles, so nothing else is read or written.
#include "passes/Lower/X86/Amx.h"
#include "passes/Lower/X86/Intrinsics.h"

#include "dialects/UKernel/UKernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t tileRows = amxTileRows, rowBytes = amxRowBytes;
/// Of the panel a quad of columns, of the sums a token: 32 rows of weights, four bytes each.
constexpr int64_t lineBytes = 128;
constexpr int64_t blockTokens = 2 * tileRows;

// Tile registers.
constexpr int64_t sumsTile(int64_t token, int64_t row) { return 2 * token + row; }
constexpr int64_t panelTile(int64_t row) { return 4 + row; }
constexpr int64_t xTile(int64_t token) { return 6 + token; }

class PanelBuilder : public ImplicitLocOpBuilder {
public:
  PanelBuilder(uk::DotI8PanelOp op, OpBuilder &builder, const IsaInfo &isa)
      : ImplicitLocOpBuilder(op.getLoc(), builder), op(op), isa(isa),
        xStride(cast<MemRefType>(op.getX().getType()).getDimSize(1)) {
    InsertionGuard guard(*this);
    setInsertionPointToStart(&op->getParentOfType<func::FuncOp>().front());
    config = create<memref::AllocaOp>(MemRefType::get({AmxConfig::bytes}, getI8Type()),
                                      getI64IntegerAttr(AmxConfig::bytes));
  }

  void build() {
    Value one = index(1), quads = op.getQuads();
    Value fullSteps = create<arith::DivUIOp>(quads, index(tileRows));
    Value rest = create<arith::RemUIOp>(quads, index(tileRows));
    Value blocks =
        create<arith::DivUIOp>(add(op.getTokens(), index(blockTokens - 1)), index(blockTokens));
    // Lines of what comes next for each step of each block.
    Value all = create<arith::MulIOp>(blocks, create<arith::MaxUIOp>(fullSteps, one));
    Value lines = create<arith::DivUIOp>(op.getBytes(), index(rowBytes));
    linesPerStep = create<arith::DivUIOp>(sub(add(lines, all), one), all);
    when(less(index(0), fullSteps),
         [&] { multiply(index(0), fullSteps, index(tileRows), /*asksForNext=*/true); });
    when(less(index(0), rest),
         [&] { multiply(mul(fullSteps, tileRows), one, rest, /*asksForNext=*/false); });
    call(X86Idiom::TileRelease, {});
  }

private:
  //===--- short names --------------------------------------------------------===//

  Value index(int64_t value) { return create<arith::ConstantIndexOp>(value); }
  Value add(Value a, Value b) { return create<arith::AddIOp>(a, b); }
  Value sub(Value a, Value b) { return create<arith::SubIOp>(a, b); }
  Value mul(Value a, int64_t b) { return create<arith::MulIOp>(a, index(b)); }
  Value less(Value a, Value b) { return create<arith::CmpIOp>(arith::CmpIPredicate::ult, a, b); }
  void when(Value condition, llvm::function_ref<void()> body) {
    auto branch = create<scf::IfOp>(condition, /*withElseRegion=*/false);
    InsertionGuard guard(*this);
    setInsertionPointToStart(branch.thenBlock());
    body();
  }
  void loop(Value begin, Value end, int64_t step, llvm::function_ref<void(Value)> body) {
    auto loop = create<scf::ForOp>(begin, end, index(step));
    InsertionGuard guard(*this);
    setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  void call(X86Idiom idiom, ValueRange operands) {
    callX86(*this, *findX86Intrinsic(idiom, amxTileBytes, isa), TypeRange{}, operands);
  }
  Value tile(int64_t number) { return create<arith::ConstantIntOp>(number, 8); }
  Value i64(Value index) { return create<arith::IndexCastOp>(getI64Type(), index); }
  Value address(Value buffer, Value bytes) {
    Value start = create<memref::ExtractAlignedPointerAsIndexOp>(buffer);
    return create<LLVM::IntToPtrOp>(LLVM::LLVMPointerType::get(getContext()),
                                    i64(add(start, bytes)));
  }
  /// Between a tile and memory whose rows are `stride` bytes apart.
  void move(X86Idiom idiom, int64_t number, Value buffer, Value bytes, int64_t stride) {
    call(idiom, {tile(number), address(buffer, bytes),
                 create<arith::ConstantIntOp>(stride, 64).getResult()});
  }

  //===--- the product --------------------------------------------------------===//

  /// All tokens, steps of `stepQuads` quads from quad `first` on.
  void multiply(Value first, Value steps, Value stepQuads, bool asksForNext) {
    Value tokens = op.getTokens(), full = index(tileRows);
    Value left = create<arith::RemUIOp>(tokens, index(blockTokens));
    Value tail = sub(tokens, left);
    when(less(index(0), tail), [&] {
      configure(full, full, stepQuads);
      loop(index(0), tail, blockTokens,
           [&](Value t) { multiplyBlock(t, 2, first, steps, asksForNext); });
    });
    when(less(full, left), [&] {
      configure(full, sub(left, full), stepQuads);
      multiplyBlock(tail, 2, first, steps, asksForNext);
    });
    Value isOneTile = create<arith::AndIOp>(less(index(0), left), less(left, index(tileRows + 1)));
    when(isOneTile, [&] {
      configure(left, full, stepQuads);
      multiplyBlock(tail, 1, first, steps, asksForNext);
    });
  }

  /// Tiles for tokens0 and tokens1 tokens, and for `quads` quads of columns.
  void configure(Value tokens0, Value tokens1, Value quads) {
    SmallVector<int8_t> known(AmxConfig::bytes, 0);
    known[0] = 1;
    for (int64_t number = 0; number < xTile(0); ++number)
      known[AmxConfig::rowBytesAt + 2 * number] = rowBytes;
    auto type = VectorType::get({AmxConfig::bytes}, getI8Type());
    create<vector::StoreOp>(
        create<arith::ConstantOp>(DenseElementsAttr::get(type, ArrayRef(known))), config, index(0));
    auto store = [&](int64_t at, Value number) {
      Value byte = create<arith::IndexCastOp>(getI8Type(), number);
      create<memref::StoreOp>(byte, config, index(at));
    };
    Value tokens[] = {tokens0, tokens1}, quadBytes = mul(quads, 4);
    for (int64_t i : {0, 1}) {
      for (int64_t r : {0, 1})
        store(AmxConfig::rowsAt + sumsTile(i, r), tokens[i]);
      store(AmxConfig::rowsAt + panelTile(i), quads);
      store(AmxConfig::rowsAt + xTile(i), tokens[i]);
      store(AmxConfig::rowBytesAt + 2 * xTile(i), quadBytes);
    }
    call(X86Idiom::TileConfigure, address(config, index(0)));
  }

  /// sums of tokens from `token` on, `tiles` tiles of them.
  void multiplyBlock(Value token, int64_t tiles, Value first, Value steps, bool asksForNext) {
    auto moveSums = [&](X86Idiom idiom) {
      for (int64_t i = 0; i < tiles; ++i)
        for (int64_t r : {0, 1})
          move(idiom, sumsTile(i, r), op.getSums(),
               add(mul(token, lineBytes), index(i * tileRows * lineBytes + r * rowBytes)),
               lineBytes);
    };
    moveSums(X86Idiom::TileLoad);
    Value x = add(mul(add(op.getToken(), token), xStride), op.getColumn());
    x = add(x, mul(first, 4));
    Value panel = add(op.getFrom(), mul(first, lineBytes));
    Value next = create<arith::MulIOp>(create<arith::DivUIOp>(token, index(blockTokens)), steps);
    loop(index(0), steps, 1, [&](Value step) {
      for (int64_t r : {0, 1})
        move(X86Idiom::TileLoad, panelTile(r), op.getPanel(),
             add(panel, add(mul(step, tileRows * lineBytes), index(r * rowBytes))), lineBytes);
      for (int64_t i = 0; i < tiles; ++i) {
        move(X86Idiom::TileLoad, xTile(i), op.getX(),
             add(x, add(mul(step, rowBytes), index(i * tileRows * xStride))), xStride);
        for (int64_t r : {0, 1})
          call(X86Idiom::TileDot, {tile(sumsTile(i, r)), tile(xTile(i)), tile(panelTile(r))});
      }
      if (asksForNext)
        prefetchNext(add(next, step));
    });
    moveSums(X86Idiom::TileStore);
  }

  /// The lines of step `step` of all.
  void prefetchNext(Value step) {
    Value begin = create<arith::MulIOp>(step, linesPerStep);
    loop(begin, add(begin, linesPerStep), 1, [&](Value line) {
      Value at = add(op.getAt(), mul(line, rowBytes));
      create<memref::PrefetchOp>(op.getNext(), ValueRange{at}, /*isWrite=*/false,
                                 /*localityHint=*/2, /*isDataCache=*/true);
    });
  }

  uk::DotI8PanelOp op;
  const IsaInfo &isa;
  int64_t xStride;
  Value config, linesPerStep;
};

class DotI8PanelPattern : public OpRewritePattern<uk::DotI8PanelOp> {
public:
  DotI8PanelPattern(MLIRContext *context, const IsaInfo &isa)
      : OpRewritePattern(context), isa(isa) {}

  LogicalResult matchAndRewrite(uk::DotI8PanelOp op, PatternRewriter &rewriter) const override {
    PanelBuilder(op, rewriter, isa).build();
    rewriter.eraseOp(op);
    return success();
  }

private:
  const IsaInfo &isa;
};

} // namespace

void populateAmxPatterns(RewritePatternSet &patterns, const IsaInfo &isa) {
  if (hasX86Features(isa, CpuAmxInt8))
    patterns.add<DotI8PanelPattern>(patterns.getContext(), isa);
}

} // namespace lobit
