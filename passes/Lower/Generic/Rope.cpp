#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lobit {

/// y[i] = x[i] c - x[i+h] s, y[i+h] = x[i+h] c + x[i] s, h = headDim / 2; the table row of
/// a position holds h cosines, then h sines.
func::FuncOp getOrCreateRope(ModuleOp module, int64_t maxRows, lb::WeightType table, int64_t heads,
                             Isa isa) {
  int64_t headDim = table.getColumns();
  std::string name = floatKernelName(("rope_" + Twine(heads) + "x" + Twine(headDim)).str(), isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  MemRefType row = rowBuffer(context, maxRows, heads * headDim);
  KernelBuilder k(module, name, {row, weightDataBuffer(table), row, index, index, index});
  Value x = k.argument(0), tableValues = k.argument(1), y = k.argument(2);
  Value from = k.argument(4), to = k.argument(5);
  int64_t half = headDim / 2;
  Value cosines = k.mulIndex(k.argument(3), headDim);
  Value sines = k.addIndex(cosines, k.index(half));
  k.loop(k.index(0), k.index(heads), 1, [&](Value head) {
    Value first = k.mulIndex(head, headDim);
    Value second = k.addIndex(first, k.index(half));
    k.columns(half, [&](Value i, int64_t width) {
      Value c = k.load(tableValues, {k.addIndex(cosines, i)}, width);
      Value s = k.load(tableValues, {k.addIndex(sines, i)}, width);
      Value low = k.load(x, {from, k.addIndex(first, i)}, width);
      Value high = k.load(x, {from, k.addIndex(second, i)}, width);
      Value newLow = k.b.create<arith::SubFOp>(k.b.create<arith::MulFOp>(low, c),
                                               k.b.create<arith::MulFOp>(high, s));
      Value newHigh = k.b.create<arith::AddFOp>(k.b.create<arith::MulFOp>(high, c),
                                                k.b.create<arith::MulFOp>(low, s));
      k.store(newLow, y, {to, k.addIndex(first, i)}, width);
      k.store(newHigh, y, {to, k.addIndex(second, i)}, width);
    });
  });
  return k.finish();
}

} // namespace lobit
