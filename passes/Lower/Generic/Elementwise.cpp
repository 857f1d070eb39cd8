#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

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
  std::string what = ("gated_" + lm::stringifyActivation(activation)).str();
  return getOrCreateElementwise(
      module, what, 2, maxRows, features, isa, [&](KernelBuilder &k, ArrayRef<Value> v) -> Value {
        return k.b.create<arith::MulFOp>(activate(k, activation, v[0]), v[1]);
      });
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
