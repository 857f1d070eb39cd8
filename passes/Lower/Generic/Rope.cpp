#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lobit {

/// y[i] = x[i] c - x[i+h] s, y[i+h] = x[i+h] c + x[i] s, h = headDim / 2; the table row of
/// a position holds h cosines, then h sines. A thread takes (token, head) pairs.
func::FuncOp getOrCreateRope(ModuleOp module, int64_t maxRows, lb::WeightType table, int64_t heads,
                             Isa isa) {
  int64_t headDim = table.getColumns();
  std::string name = floatKernelName(("rope_" + Twine(heads) + "x" + Twine(headDim)).str(), isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  MemRefType row = rowBuffer(context, maxRows, heads * headDim);
  KernelBuilder k(module, name, {row, weightDataBuffer(table), row, index, index, index, index});
  Value x = k.argument(0), tableValues = k.argument(1), y = k.argument(2);
  Value position = k.argument(3), rows = k.argument(4);
  int64_t half = headDim / 2;
  auto [begin, end] = k.threadRange(k.mulIndex(rows, heads), k.argument(5), k.argument(6));
  k.loop(begin, end, 1, [&](Value item) {
    Value t = k.divIndex(item, k.index(heads));
    Value first = k.mulIndex(k.remIndex(item, k.index(heads)), headDim);
    Value second = k.addIndex(first, k.index(half));
    Value cosines = k.mulIndex(k.addIndex(position, t), headDim);
    Value sines = k.addIndex(cosines, k.index(half));
    k.columns(half, [&](Value i, int64_t width) {
      Value c = k.load(tableValues, {k.addIndex(cosines, i)}, width);
      Value s = k.load(tableValues, {k.addIndex(sines, i)}, width);
      Value low = k.load(x, {t, k.addIndex(first, i)}, width);
      Value high = k.load(x, {t, k.addIndex(second, i)}, width);
      Value newLow = k.b.create<arith::SubFOp>(k.b.create<arith::MulFOp>(low, c),
                                               k.b.create<arith::MulFOp>(high, s));
      Value newHigh = k.b.create<arith::AddFOp>(k.b.create<arith::MulFOp>(high, c),
                                                k.b.create<arith::MulFOp>(low, s));
      k.store(newLow, y, {t, k.addIndex(first, i)}, width);
      k.store(newHigh, y, {t, k.addIndex(second, i)}, width);
    });
  });
  return k.finish();
}

} // namespace lobit
