// A row of f32 to int8 with a scale each (docs/numerics.md, activations).
#include "passes/Lower/Linear/ActQuantize.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/CheckedMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t lanes = 16;

class ActQuantizeKernel {
public:
  ActQuantizeKernel(LinearBuilder &b, const ActShape &shape, const ActQuantizeArguments &args)
      : b(b), shape(shape), args(args), rest(shape.columns % lanes) {}

  void build() {
    Value factor = scale();
    if (shape.layout == Layout::T2Tl1)
      tables(factor);
    else
      codes(factor);
  }

private:
  /// 16 columns from `column`; past the end of the row they are +0.
  Value columns(int64_t end, Value column) {
    return end ? b.loadRest(args.x, {args.from, b.index(0)}, shape.columns, end)
               : b.load(b.f32s(lanes), args.x, {args.from, column});
  }

  /// Stores s_x, reports NaN and infinity, returns r.
  Value scale() {
    VectorType ints = b.i32s(lanes);
    auto larger = [&](Value acc, Value x) -> Value {
      Value bits = b.create<vector::BitCastOp>(ints, x);
      Value magnitude = b.create<arith::AndIOp>(bits, b.splatInt(0x7fffffff, 32, lanes));
      return b.create<arith::MaxSIOp>(acc, magnitude);
    };
    Values max = b.loop(
        b.index(0), b.index(shape.columns - rest), lanes, b.zero(ints),
        [&](Value k, ValueRange carried) -> Values { return {larger(carried[0], columns(0, k))}; });
    if (rest)
      max[0] = larger(max[0], columns(rest, {}));
    Value bits = b.create<vector::ReductionOp>(vector::CombiningKind::MAXSI, max[0]);
    Value bad = b.create<arith::CmpIOp>(arith::CmpIPredicate::sge, bits,
                                        b.create<arith::ConstantIntOp>(0x7f800000, 32));
    b.create<uk::ReportNonfiniteOp>(bad, args.frame);
    Value a = b.create<arith::BitcastOp>(b.getF32Type(), bits);
    Value least = b.f32(1e-5f);
    Value above = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, least);
    a = b.create<arith::SelectOp>(above, a, least);
    Value limit = b.f32(127.0f);
    b.create<memref::StoreOp>(b.create<arith::DivFOp>(a, limit), args.buffers[1], args.row);
    return b.create<arith::DivFOp>(limit, a);
  }

  Value quantized(Value factor, int64_t end, Value column) {
    return b.create<uk::ActQuantizeOp>(b.i8s(lanes), columns(end, column), factor);
  }

  /// q and its sums. Group sizes are multiples of 16, so no chunk crosses a group.
  void codes(Value factor) {
    auto chunk = [&](Value acc, int64_t end, Value column) -> Value {
      Value q = quantized(factor, end, column);
      b.store(q, args.buffers[0], {args.row, column});
      return b.add(acc, b.create<arith::ExtSIOp>(b.i32s(lanes), q));
    };
    auto group = [&](Value index, Value begin, int64_t full, int64_t end) {
      Values acc =
          b.loop(begin, b.add(begin, full), lanes, b.zero(b.i32s(lanes)),
                 [&](Value k, ValueRange carried) -> Values { return {chunk(carried[0], 0, k)}; });
      if (end)
        acc[0] = chunk(acc[0], end, b.add(begin, full));
      Value sum = b.create<vector::ReductionOp>(vector::CombiningKind::ADD, acc[0]);
      b.create<memref::StoreOp>(sum, args.buffers[2], ValueRange{args.row, index});
    };
    int64_t fullGroups = shape.columns / shape.groupSize;
    int64_t tail = shape.columns % shape.groupSize;
    b.loop(b.index(0), b.index(fullGroups), 1, [&](Value g) {
      int64_t end = shape.groupSize % lanes; // only when one group is the whole row
      group(g, b.mul(g, shape.groupSize), shape.groupSize - end, end);
    });
    if (tail)
      group(b.index(fullGroups), b.index(fullGroups * shape.groupSize), tail - tail % lanes,
            tail % lanes);
    // The padding of the last block is zero.
    int64_t written = roundUp(shape.columns, lanes);
    b.loop(b.index(written), b.index(shape.paddedColumns()), lanes,
           [&](Value k) { b.store(b.zero(b.i8s(lanes)), args.buffers[0], {args.row, k}); });
  }

  /// The tables of `pairs` pairs in `q`: w0 q0 + w1 q1 for the nine (w0, w1), as 16 low
  /// and 16 high bytes.
  void pairTables(Value q, Value column, int64_t pairs) {
    SmallVector<int16_t> first(16, 0), second(16, 0);
    for (int i = 0; i < 9; ++i) {
      first[i] = i / 3 - 1;
      second[i] = i % 3 - 1;
    }
    Value w0 = b.create<arith::ConstantOp>(DenseElementsAttr::get(b.i16s(16), ArrayRef(first)));
    Value w1 = b.create<arith::ConstantOp>(DenseElementsAttr::get(b.i16s(16), ArrayRef(second)));
    Value wide = b.create<arith::ExtSIOp>(b.i16s(lanes), q);
    for (int64_t p = 0; p < pairs; ++p) {
      auto times = [&](Value w, int64_t lane) -> Value {
        SmallVector<int64_t> all(16, lane);
        return b.create<arith::MulIOp>(b.shuffle(wide, wide, all), w);
      };
      Value entries = b.add(times(w0, 2 * p), times(w1, 2 * p + 1));
      Value high = b.create<arith::ShRSIOp>(entries, b.splatInt(8, 16, 16));
      Value at = b.add(b.mul(column, 16), p * 32);
      b.store(b.create<arith::TruncIOp>(b.i8s(16), entries), args.buffers[0], {args.row, at});
      b.store(b.create<arith::TruncIOp>(b.i8s(16), high), args.buffers[0],
              {args.row, b.add(at, 16)});
    }
  }

  void tables(Value factor) {
    int64_t full = shape.columns - rest;
    b.loop(b.index(0), b.index(full), lanes,
           [&](Value k) { pairTables(quantized(factor, 0, k), k, lanes / 2); });
    if (rest)
      pairTables(quantized(factor, rest, {}), b.index(full), (shape.paddedColumns() - full) / 2);
  }

  LinearBuilder &b;
  const ActShape &shape;
  const ActQuantizeArguments &args;
  int64_t rest;
};

} // namespace

void buildActQuantizeKernel(LinearBuilder &b, const ActShape &shape,
                            const ActQuantizeArguments &args) {
  ActQuantizeKernel(b, shape, args).build();
}

} // namespace lobit
