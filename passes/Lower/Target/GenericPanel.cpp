// dot_i8_panel as loops over dot_i8, for every ISA without tiles in memory.
#include "passes/Lower/Target/Target.h"
#include "passes/Lower/Target/VectorParts.h"

#include "dialects/UKernel/UKernelOps.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t rows = 32, lanes = 16, quadBytes = 4 * rows;

LogicalResult lowerDotI8Panel(uk::DotI8PanelOp op, PatternRewriter &rewriter) {
  VectorParts b(op.getLoc(), rewriter);
  auto index = [&](int64_t value) -> Value { return b.create<arith::ConstantIndexOp>(value); };
  auto add = [&](Value x, Value y) -> Value { return b.create<arith::AddIOp>(x, y); };
  auto times = [&](Value x, int64_t by) -> Value { return b.create<arith::MulIOp>(x, index(by)); };
  auto vectorOf = [&](int64_t count, Type element) { return VectorType::get({count}, element); };
  Value zero = index(0), one = index(1);

  auto tokens = b.create<scf::ForOp>(zero, op.getTokens(), one);
  b.setInsertionPointToStart(tokens.getBody());
  Value token = add(op.getToken(), tokens.getInductionVar());
  auto parts = b.create<scf::ForOp>(zero, index(rows), index(lanes));
  b.setInsertionPointToStart(parts.getBody());
  Value row = parts.getInductionVar();
  Value at = add(times(tokens.getInductionVar(), rows), row);
  Value sums = b.create<vector::LoadOp>(vectorOf(lanes, b.getI32Type()), op.getSums(), at);

  auto quads = b.create<scf::ForOp>(zero, op.getQuads(), one, sums);
  b.setInsertionPointToStart(quads.getBody());
  Value quad = quads.getInductionVar();
  Value codes =
      b.create<vector::LoadOp>(vectorOf(4 * lanes, b.getI8Type()), op.getPanel(),
                               add(add(op.getFrom(), times(quad, quadBytes)), times(row, 4)));
  Value four = b.create<vector::LoadOp>(vectorOf(4, b.getI8Type()), op.getX(),
                                        ValueRange{token, add(op.getColumn(), times(quad, 4))});
  Value word = b.create<vector::ExtractOp>(b.bitcast(four, b.getI32Type()), ArrayRef<int64_t>{0});
  Value x = b.bitcast(b.create<vector::BroadcastOp>(vectorOf(lanes, b.getI32Type()), word),
                      b.getI8Type());
  Value next = b.create<uk::DotI8Op>(sums.getType(), quads.getRegionIterArg(0), codes, x, 255);
  b.create<scf::YieldOp>(next);

  b.setInsertionPointAfter(quads);
  b.create<vector::StoreOp>(quads.getResult(0), op.getSums(), at);
  rewriter.eraseOp(op);
  return success();
}

} // namespace

void populateGenericPanelPatterns(RewritePatternSet &patterns) {
  patterns.add(lowerDotI8Panel, /*benefit=*/0); // after the patterns of the target
}

} // namespace lobit
