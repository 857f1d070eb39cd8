#include "passes/Lower/Generic/KernelBuilder.h"

#include "dialects/UKernel/UKernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

#include <numeric>

using namespace mlir;

namespace lobit {

std::string floatKernelName(StringRef what, Isa isa) {
  return ("lobit_f32_" + what + "__" + findIsa(isa)->word).str();
}

KernelBuilder::KernelBuilder(ModuleOp module, StringRef name, ArrayRef<Type> argumentTypes)
    : b(module.getLoc(), module.getContext()) {
  b.setInsertionPointToEnd(module.getBody());
  function = b.create<func::FuncOp>(name, b.getFunctionType(argumentTypes, {}));
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
}

func::FuncOp KernelBuilder::finish() {
  b.create<func::ReturnOp>();
  return function;
}

Value KernelBuilder::index(int64_t value) { return b.create<arith::ConstantIndexOp>(value); }

Value KernelBuilder::f32(float value) {
  return b.create<arith::ConstantOp>(b.getF32FloatAttr(value));
}

Value KernelBuilder::splat(Value scalar, int64_t count) {
  return b.create<vector::BroadcastOp>(VectorType::get({count}, scalar.getType()), scalar);
}

Value KernelBuilder::zeros() { return splat(f32(0)); }

Value KernelBuilder::addIndex(Value lhs, Value rhs) { return b.create<arith::AddIOp>(lhs, rhs); }

Value KernelBuilder::mulIndex(Value lhs, int64_t rhs) {
  return b.create<arith::MulIOp>(lhs, index(rhs));
}

Value KernelBuilder::divIndex(Value lhs, Value rhs) { return b.create<arith::DivUIOp>(lhs, rhs); }

Value KernelBuilder::remIndex(Value lhs, Value rhs) { return b.create<arith::RemUIOp>(lhs, rhs); }

Value KernelBuilder::greater(Value a, Value other) {
  Value isGreater = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, other);
  return b.create<arith::SelectOp>(isGreater, a, other);
}

Value KernelBuilder::slice(Value vector, int64_t first, int64_t count) {
  if (first == 0 && cast<VectorType>(vector.getType()).getDimSize(0) == count)
    return vector;
  SmallVector<int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), first);
  return b.create<vector::ShuffleOp>(vector, vector, indices);
}

Value KernelBuilder::reduceEach(ArrayRef<Value> vectors) {
  if (!llvm::isPowerOf2_64(vectors.size()) || vectors.size() > size_t(lanes)) {
    // Some power of two, then the rest.
    int64_t first = std::min<int64_t>(lanes, llvm::bit_floor(vectors.size()));
    Value head = reduceEach(vectors.take_front(first));
    Value tail = reduceEach(vectors.drop_front(first));
    int64_t rest = vectors.size() - first;
    // A shuffle takes two vectors of one type.
    SmallVector<int64_t> widen(first);
    for (int64_t i = 0; i < first; ++i)
      widen[i] = std::min(i, rest - 1);
    tail = b.create<vector::ShuffleOp>(tail, tail, widen);
    SmallVector<int64_t> all(vectors.size());
    std::iota(all.begin(), all.end(), 0);
    return b.create<vector::ShuffleOp>(head, tail, all);
  }
  // Each vector in parts that go on being halved: [v0 part, v1 part, ...]. Two vectors of
  // the list share one as soon as their parts fit.
  SmallVector<Value> list(vectors);
  int64_t part = lanes, parts = 1; // lanes of a sum that is not finished, sums in a vector
  auto halves = [&](Value a, Value other, int64_t offset) -> Value {
    SmallVector<int64_t> indices;
    for (int64_t p = 0; p < 2 * parts; ++p)
      for (int64_t i = 0; i < part / 2; ++i)
        indices.push_back(p * part + offset + i);
    if (!other)
      indices.resize(indices.size() / 2);
    return b.create<vector::ShuffleOp>(a, other ? other : a, indices);
  };
  while (part > 1) {
    SmallVector<Value> next;
    bool pairs = list.size() > 1;
    for (size_t i = 0; i < list.size(); i += pairs ? 2 : 1) {
      Value other = pairs ? list[i + 1] : Value();
      next.push_back(
          b.create<arith::AddFOp>(halves(list[i], other, 0), halves(list[i], other, part / 2)));
    }
    list = next;
    parts = pairs ? 2 * parts : parts;
    part /= 2;
  }
  return list[0];
}

std::pair<Value, Value> KernelBuilder::threadRange(Value count, Value thread, Value threads) {
  auto range =
      b.create<uk::ThreadRangeOp>(b.getIndexType(), b.getIndexType(), count, thread, threads);
  return {range.getBegin(), range.getEnd()};
}

void KernelBuilder::loop(Value begin, Value end, int64_t step, Body body) {
  loop(begin, end, index(step), body);
}

void KernelBuilder::loop(Value begin, Value end, Value step, Body body) {
  auto op = b.create<scf::ForOp>(begin, end, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op.getBody()->getTerminator());
  body(op.getInductionVar());
}

SmallVector<Value> KernelBuilder::loop(Value begin, Value end, int64_t step,
                                       ArrayRef<Value> initial, CarryBody body) {
  auto op = b.create<scf::ForOp>(begin, end, index(step), initial);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  SmallVector<Value> carried(op.getRegionIterArgs());
  b.create<scf::YieldOp>(body(op.getInductionVar(), carried));
  return SmallVector<Value>(op.getResults());
}

void KernelBuilder::when(Value condition, function_ref<void()> body,
                         function_ref<void()> otherwise) {
  auto conditional = b.create<scf::IfOp>(condition, /*withElseRegion=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(conditional.thenBlock());
  body();
  if (otherwise) {
    b.setInsertionPointToStart(conditional.elseBlock());
    otherwise();
  }
}

void KernelBuilder::columns(int64_t count, function_ref<void(Value, int64_t)> body) {
  int64_t whole = count - count % lanes;
  if (whole > 0)
    loop(index(0), index(whole), lanes, [&](Value column) { body(column, lanes); });
  if (whole < count)
    body(index(whole), count - whole);
}

Value KernelBuilder::columns(int64_t count, Value initial,
                             function_ref<Value(Value, int64_t, Value)> body) {
  int64_t whole = count - count % lanes;
  Value carried = initial;
  if (whole > 0)
    carried = loop(index(0), index(whole), lanes, {carried},
                   [&](Value column, ArrayRef<Value> values) -> SmallVector<Value> {
                     return {body(column, lanes, values[0])};
                   })[0];
  if (whole < count)
    carried = body(index(whole), count - whole, carried);
  return carried;
}

Value KernelBuilder::mask(int64_t width) {
  SmallVector<bool> bits(lanes, false);
  std::fill_n(bits.begin(), width, true);
  return b.create<arith::ConstantOp>(
      DenseElementsAttr::get(VectorType::get({lanes}, b.getI1Type()), bits));
}

Value KernelBuilder::load(Value buffer, ArrayRef<Value> indices, int64_t width) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  auto type = VectorType::get({lanes}, element);
  if (width == lanes)
    return b.create<vector::LoadOp>(type, buffer, indices);
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  return b.create<vector::MaskedLoadOp>(type, buffer, indices, mask(width), zero);
}

Value KernelBuilder::loadFloat(Value buffer, ArrayRef<Value> indices, int64_t width) {
  Value value = load(buffer, indices, width);
  Type element = cast<VectorType>(value.getType()).getElementType();
  auto floats = VectorType::get({lanes}, b.getF32Type());
  if (element.isF32())
    return value;
  if (element.isInteger(8)) {
    auto words = VectorType::get({lanes}, b.getI32Type());
    return b.create<arith::SIToFPOp>(floats, b.create<arith::ExtSIOp>(words, value));
  }
  return b.create<uk::WidenFloatOp>(floats, value);
}

Value KernelBuilder::loadCached(Value buffer, ArrayRef<Value> indices, int64_t width) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (!element.isF16())
    return loadFloat(buffer, indices, width);
  auto floats = VectorType::get({lanes}, b.getF32Type());
  return b.create<uk::WidenFloatOp>(floats, load(buffer, indices, width), /*finite=*/true);
}

Value KernelBuilder::loadSplat(Value buffer, Value index) {
  Value value = splat(b.create<memref::LoadOp>(buffer, ValueRange{index}));
  if (cast<VectorType>(value.getType()).getElementType().isF32())
    return value;
  return b.create<uk::WidenFloatOp>(VectorType::get({lanes}, b.getF32Type()), value);
}

void KernelBuilder::store(Value vector, Value buffer, ArrayRef<Value> indices, int64_t width) {
  if (width == lanes)
    b.create<vector::StoreOp>(vector, buffer, indices);
  else
    b.create<vector::MaskedStoreOp>(buffer, indices, mask(width), vector);
}

} // namespace lobit
