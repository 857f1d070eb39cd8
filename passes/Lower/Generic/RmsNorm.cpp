#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

#include "dialects/UKernel/UKernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace lobit {

/// ss = dot(x, x); inv = 1 / sqrt(ss / n + eps); y = (x * inv) * w.
func::FuncOp getOrCreateRmsNorm(ModuleOp module, int64_t maxRows, lb::WeightType weight, float eps,
                                Isa isa) {
  int64_t features = weight.getColumns();
  std::string name =
      floatKernelName(("rms_norm_" + Twine(features) + "_" + schemeWord(weight.getScheme()) + "_" +
                       llvm::utohexstr(llvm::bit_cast<uint32_t>(eps), /*LowerCase=*/true))
                          .str(),
                      isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  MemRefType row = rowBuffer(context, maxRows, features);
  KernelBuilder k(module, name, {row, weightDataBuffer(weight), row, index, index});
  Value x = k.argument(0), w = k.argument(1), y = k.argument(2);
  Value from = k.argument(3), to = k.argument(4);
  Value squares =
      k.columns(features, k.zeros(), [&](Value column, int64_t width, Value sum) -> Value {
        Value v = k.load(x, {from, column}, width);
        return k.b.create<arith::AddFOp>(sum, k.b.create<arith::MulFOp>(v, v));
      });
  Value ss = k.b.create<uk::ReduceAddOp>(k.b.getF32Type(), squares);
  Value mean = k.b.create<arith::DivFOp>(ss, k.f32(static_cast<float>(features)));
  Value root = k.b.create<math::SqrtOp>(k.b.create<arith::AddFOp>(mean, k.f32(eps)));
  Value inverse = k.splat(k.b.create<arith::DivFOp>(k.f32(1), root));
  k.columns(features, [&](Value column, int64_t width) {
    Value v = k.b.create<arith::MulFOp>(k.load(x, {from, column}, width), inverse);
    k.store(k.b.create<arith::MulFOp>(v, k.loadFloat(w, {column}, width)), y, {to, column}, width);
  });
  return k.finish();
}

} // namespace lobit
