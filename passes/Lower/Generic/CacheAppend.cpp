// Keys and values of new tokens into the cache of a layer, in its element type.
#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

#include "dialects/UKernel/UKernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace lobit {

std::string cacheWord(lm::CacheType type) {
  return type.getElement().isInteger(8) ? "int8" : type.getElement().isF16() ? "f16" : "f32";
}

SmallVector<MemRefType> cacheBuffers(lm::CacheType type) {
  auto store = MemRefType::get({type.getKvHeads(), type.getMaxContext(), type.getHeadDim()},
                               type.getElement());
  SmallVector<MemRefType> buffers = {store, store};
  if (type.getElement().isInteger(8)) {
    // Read in whole vectors.
    int64_t positions = llvm::alignTo(type.getMaxContext(), KernelBuilder::lanes);
    buffers.append(
        2, MemRefType::get({type.getKvHeads(), positions}, Float32Type::get(type.getContext())));
  }
  return buffers;
}

namespace {

/// The largest |x| of one head as bits.
Value largestBits(KernelBuilder &k, Value x, Value t, Value first, int64_t headDim) {
  auto bits = VectorType::get({KernelBuilder::lanes}, k.b.getI32Type());
  Value sign = k.b.create<arith::ConstantOp>(DenseElementsAttr::get(bits, APInt(32, 0x7fffffff)));
  Value zero = k.b.create<arith::ConstantOp>(k.b.getZeroAttr(bits));
  Value largest = k.columns(headDim, zero, [&](Value i, int64_t width, Value most) -> Value {
    Value value = k.b.create<vector::BitCastOp>(bits, k.load(x, {t, k.addIndex(first, i)}, width));
    return k.b.create<arith::MaxUIOp>(most, k.b.create<arith::AndIOp>(value, sign));
  });
  return k.b.create<vector::ReductionOp>(vector::CombiningKind::MAXUI, largest);
}

void reportFrom(KernelBuilder &k, Value bits, uint32_t least, Value frame) {
  Value bound = k.b.create<arith::ConstantIntOp>(least, 32);
  k.b.create<uk::ReportNonfiniteOp>(
      k.b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, bits, bound), frame);
}

} // namespace

func::FuncOp getOrCreateCacheAppend(ModuleOp module, int64_t maxRows, lm::CacheType cache,
                                    Isa isa) {
  int64_t kvHeads = cache.getKvHeads(), headDim = cache.getHeadDim();
  std::string name = floatKernelName(
      ("cache_append_" + cacheWord(cache) + "_" + Twine(kvHeads) + "x" + Twine(headDim)).str(),
      isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  MemRefType row = rowBuffer(context, maxRows, kvHeads * headDim);
  SmallVector<MemRefType> stores = cacheBuffers(cache);
  SmallVector<Type> types = {row, row};
  types.append(stores.begin(), stores.end());
  types.append({index, index, index, uk::FrameType::get(context)});
  KernelBuilder k(module, name, types);
  unsigned next = 2 + stores.size();
  Value at = k.argument(next), frame = k.argument(next + 3);
  k.loop(k.index(0), k.index(kvHeads), 1, [&](Value head) {
    Value first = k.mulIndex(head, headDim);
    for (unsigned which : {0u, 1u}) {
      Value x = k.argument(which), t = k.argument(next + 1 + which);
      Value store = k.argument(2 + which);
      Value factor;
      if (cache.getElement().isF16()) {
        // From 65520 on f16 has only infinity.
        reportFrom(k, largestBits(k, x, t, first, headDim), 0x477ff000, frame);
      } else if (cache.getElement().isInteger(8)) {
        Value bits = largestBits(k, x, t, first, headDim);
        reportFrom(k, bits, 0x7f800000, frame);
        Value a = k.b.create<arith::BitcastOp>(k.b.getF32Type(), bits);
        a = k.greater(a, k.f32(1e-5f));
        factor = k.b.create<arith::DivFOp>(k.f32(127), a);
        k.b.create<memref::StoreOp>(k.b.create<arith::DivFOp>(a, k.f32(127)), k.argument(4 + which),
                                    ValueRange{head, at});
      }
      k.columns(headDim, [&](Value i, int64_t width) {
        Value value = k.load(x, {t, k.addIndex(first, i)}, width);
        if (cache.getElement().isF16())
          value = k.b.create<uk::NarrowFloatOp>(
              VectorType::get({KernelBuilder::lanes}, k.b.getF16Type()), value);
        else if (factor)
          value = k.b.create<uk::ActQuantizeOp>(
              VectorType::get({KernelBuilder::lanes}, k.b.getI8Type()), value, factor);
        k.store(value, store, {head, at, i}, width);
      });
    }
  });
  return k.finish();
}

} // namespace lobit
