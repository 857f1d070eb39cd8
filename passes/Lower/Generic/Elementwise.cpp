#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

#include "passes/Lower/Kernels.h"

#include "dialects/UKernel/UKernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lobit {

MemRefType rowBuffer(MLIRContext *context, int64_t maxRows, int64_t features) {
  return MemRefType::get({maxRows, features}, Float32Type::get(context));
}

namespace {

/// y[to, i] = body(inputs[from, i]).
func::FuncOp getOrCreateElementwise(ModuleOp module, StringRef what, unsigned inputs,
                                    int64_t maxRows, int64_t features, Isa isa,
                                    function_ref<Value(KernelBuilder &, ArrayRef<Value>)> body) {
  std::string name = floatKernelName((what + "_" + Twine(features)).str(), isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  SmallVector<Type> types(inputs + 1, rowBuffer(context, maxRows, features));
  types.append(inputs + 1, IndexType::get(context));
  KernelBuilder k(module, name, types);
  auto rowOf = [&](unsigned operand) { return k.argument(inputs + 1 + operand); };
  k.columns(features, [&](Value column, int64_t width) {
    SmallVector<Value> values;
    for (unsigned i = 0; i < inputs; ++i)
      values.push_back(k.load(k.argument(i), {rowOf(i), column}, width));
    k.store(body(k, values), k.argument(inputs), {rowOf(inputs), column}, width);
  });
  return k.finish();
}

/// relu2: r = max(x, 0); r * r. silu: x / (1 + exp(-x)).
Value activate(KernelBuilder &k, lm::Activation activation, Value x) {
  if (activation == lm::Activation::Relu2) {
    Value zero = k.zeros();
    Value positive = k.b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, x, zero);
    Value r = k.b.create<arith::SelectOp>(positive, x, zero);
    return k.b.create<arith::MulFOp>(r, r);
  }
  Value e = k.b.create<uk::ExpOp>(k.b.create<arith::NegFOp>(x));
  return k.b.create<arith::DivFOp>(x, k.b.create<arith::AddFOp>(k.splat(k.f32(1)), e));
}

} // namespace

func::FuncOp getOrCreateGatedActivation(ModuleOp module, int64_t maxRows, int64_t features,
                                        lm::Activation activation, Isa isa) {
  std::string name = floatKernelName(
      ("gated_" + lm::stringifyActivation(activation) + "_" + Twine(features)).str(), isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  SmallVector<Type> types(3, rowBuffer(context, maxRows, features));
  types.append(3, IndexType::get(context));
  KernelBuilder k(module, name, types);
  Value gate = k.argument(0), up = k.argument(1), y = k.argument(2), rows = k.argument(3);
  auto apply = [&](Value t, Value column, int64_t width) {
    Value activated = activate(k, activation, k.load(gate, {t, column}, width));
    Value product = k.b.create<arith::MulFOp>(activated, k.load(up, {t, column}, width));
    k.store(product, y, {t, column}, width);
  };
  int64_t whole = features - features % KernelBuilder::lanes, tail = features - whole;
  auto [begin, end] =
      k.threadRange(k.index(llvm::divideCeil(features, tileRows)), k.argument(4), k.argument(5));
  Value first = k.mulIndex(begin, tileRows), last = k.mulIndex(end, tileRows);
  Value wholeEnd = k.b.create<arith::MinUIOp>(last, k.index(whole));
  k.loop(k.index(0), rows, 1, [&](Value t) {
    k.loop(first, wholeEnd, KernelBuilder::lanes,
           [&](Value column) { apply(t, column, KernelBuilder::lanes); });
  });
  if (tail > 0) {
    Value isLast =
        k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ugt, last, k.index(features - 1));
    Value exists = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, first, last);
    k.when(k.b.create<arith::AndIOp>(isLast, exists),
           [&] { k.loop(k.index(0), rows, 1, [&](Value t) { apply(t, k.index(whole), tail); }); });
  }
  return k.finish();
}

func::FuncOp getOrCreateAdd(ModuleOp module, int64_t maxRows, int64_t features, Isa isa) {
  return getOrCreateElementwise(module, "add", 2, maxRows, features, isa,
                                [](KernelBuilder &k, ArrayRef<Value> v) -> Value {
                                  return k.b.create<arith::AddFOp>(v[0], v[1]);
                                });
}

func::FuncOp getOrCreateCopy(ModuleOp module, int64_t maxRows, int64_t features, Isa isa) {
  return getOrCreateElementwise(module, "copy", 1, maxRows, features, isa,
                                [](KernelBuilder &, ArrayRef<Value> v) { return v[0]; });
}

} // namespace lobit
