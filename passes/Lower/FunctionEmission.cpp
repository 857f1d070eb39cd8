#include "passes/Lower/FunctionLowering.h"
#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/ModuleFacts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lobit {

void FunctionLowering::emit() {
  b.setInsertionPointToEnd(shared.module.getBody());
  StringRef name = isEntry ? StringRef(modelSymbol) : source.getName();
  lowered = b.create<func::FuncOp>(loc, name, b.getFunctionType(argumentTypes, {}));
  if (!isEntry)
    lowered.setPrivate();
  Block *body = lowered.addEntryBlock();
  b.setInsertionPointToStart(body);
  frame = body->getArgument(argumentTypes.size() - (isEntry ? 1 : 2));
  if (!isEntry)
    operationBase = body->getArguments().back();
  auto field = [&](uk::Field which) -> Value {
    return b.create<uk::FieldOp>(loc, b.getIndexType(), which, frame);
  };
  rows = field(uk::Field::Rows);
  thread = field(uk::Field::Thread);
  threads = field(uk::Field::Threads);
  for (BlockArgument argument : source.getArguments()) {
    auto it = indexArguments.find(argument);
    if (it == indexArguments.end())
      continue;
    unsigned index = it->second;
    Value value = isEntry ? field(index == 0 ? uk::Field::Position : uk::Field::FirstOutputRow)
                          : Value(body->getArgument(index));
    numbers.map(argument, value);
  }
  for (auto constant : source.getBody().getOps<arith::ConstantOp>())
    if (!isa<RankedTensorType>(constant.getType()))
      b.clone(*constant, numbers);

  for (size_t first = 0, end; first < steps.size(); first = end) {
    end = loopEnd(first);
    if (steps[first].waits)
      b.create<uk::BarrierOp>(loc, frame);
    ArrayRef<Step> together = ArrayRef(steps).slice(first, end - first);
    if (steps[first].byRow) {
      emitRows(together);
    } else if (llvm::any_of(together, [](const Step &step) { return step.followsColumns; }) &&
               together.size() > 1) {
      emitColumns(together);
    } else {
      for (const Step &step : together) {
        if (step.emitShare)
          step.emitShare(thread, threads);
        else
          step.emit();
        emitTrace(step);
      }
    }
  }
  // A caller may use the results at once.
  if (waitsAtEnd)
    b.create<uk::BarrierOp>(loc, frame);
  b.create<func::ReturnOp>(loc);
}

/// One loop over this thread's share of the rows: what a step writes is read by the next one
/// while it is in the first-level cache.
void FunctionLowering::emitRows(ArrayRef<Step> together) {
  int64_t count = *together.front().byRow;
  auto share = b.create<uk::ThreadRangeOp>(loc, b.getIndexType(), b.getIndexType(),
                                           ShapedType::isDynamic(count) ? rows : constant(count),
                                           thread, threads);
  firstRow = share.getBegin();
  auto loop = b.create<scf::ForOp>(loc, share.getBegin(), share.getEnd(), constant(1));
  sharedLoop = loop;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  for (const Step &step : together)
    step.emitRow(loop.getInductionVar());
  sharedLoop = nullptr;
  b.setInsertionPointAfter(loop);
  for (const Step &step : together)
    emitTrace(step);
}

/// One loop over parts of this thread's share of the columns, so small that what linear layers
/// write for many tokens is read again while it is in the second-level cache.
void FunctionLowering::emitColumns(ArrayRef<Step> together) {
  constexpr int64_t tilesOfPart = 32, manyTokens = 32;
  auto divide = [&](Value count, Value by) -> Value {
    return b.create<arith::CeilDivUIOp>(loc, count, by);
  };
  auto multiply = [&](Value x, Value y) -> Value { return b.create<arith::MulIOp>(loc, x, y); };
  Value tiles = constant(llvm::divideCeil(*together.front().byColumn, tileRows));
  Value parts = divide(divide(tiles, threads), constant(tilesOfPart));
  Value few = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, rows, constant(manyTokens));
  parts = b.create<arith::SelectOp>(loc, few, constant(1), parts);
  Value allParts = multiply(threads, parts), first = multiply(thread, parts);
  Value last = b.create<arith::SubIOp>(loc, parts, constant(1));
  auto loop = b.create<scf::ForOp>(loc, constant(0), parts, constant(1));
  sharedLoop = loop;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value part = loop.getInductionVar();
  Value isLast = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, part, last);
  part = b.create<arith::AddIOp>(loc, first, part);
  for (const Step &step : together) {
    step.emitShare(part, allParts);
    auto conditional = b.create<scf::IfOp>(loc, isLast, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(conditional.thenBlock());
    emitTrace(step);
  }
  sharedLoop = nullptr;
}

void FunctionLowering::emitTrace(const Step &step) {
  if (!step.traced)
    return;
  Value index = constant(*step.traced);
  if (operationBase)
    index = b.create<arith::AddIOp>(loc, operationBase, index);
  b.create<uk::TraceOp>(loc, index, frame);
}

//===--- values -------------------------------------------------------------===//

Value FunctionLowering::view(BufferId id, MemRefType type) {
  Value &known = views[{id, type}];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  if (sharedLoop)
    b.setInsertionPoint(sharedLoop);
  const Buffer &buffer = buffers[id];
  if (buffer.section) {
    uint64_t base = *buffer.section == uk::Section::Scratch ? scratchBase : 0;
    known = b.create<uk::BufferOp>(loc, type, *buffer.section, frame, buffer.argument,
                                   base + buffer.offset);
    return known;
  }
  Value argument = lowered.getArgument(buffer.argument);
  if (argument.getType() == type)
    return known = argument;
  auto [strides, offset] = getStridesAndOffset(type);
  SmallVector<OpFoldResult> sizes, steps;
  for (auto [size, stride] : llvm::zip(type.getShape(), strides)) {
    sizes.push_back(b.getIndexAttr(size));
    steps.push_back(b.getIndexAttr(stride));
  }
  known = b.create<memref::ReinterpretCastOp>(loc, type, argument, OpFoldResult(b.getIndexAttr(0)),
                                              sizes, steps);
  return known;
}

Value FunctionLowering::rowView(BufferId id, int64_t features) {
  return view(id, rowBuffer(b.getContext(), shared.maxRows, features));
}

Value FunctionLowering::weightView(const Weight &weight) {
  return view(weight.data, weightDataBuffer(weight.type));
}

Value FunctionLowering::scaleView(const Weight &weight) {
  return view(weight.scales, weightScaleBuffer(weight.type));
}

SmallVector<Value> FunctionLowering::cacheViews(const Cache &cache, lm::CacheType type) {
  SmallVector<Value> views;
  for (auto [id, buffer] : llvm::zip(cache, cacheBuffers(type)))
    views.push_back(view(id, buffer));
  return views;
}

Value FunctionLowering::number(Value value) { return numbers.lookup(value); }

Value FunctionLowering::rowsOf(Value tensor) {
  int64_t size = cast<RankedTensorType>(tensor.getType()).getDimSize(0);
  return ShapedType::isDynamic(size) ? rows : constant(size);
}

Value FunctionLowering::rowIn(BufferId buffer, Value row) {
  return oneRow.contains(buffer) ? firstRow : row;
}

Value FunctionLowering::positionOf(Value first, Value row) {
  return b.create<arith::AddIOp>(loc, number(first), row);
}

Value FunctionLowering::constant(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&lowered.getBody().front());
    known = b.create<arith::ConstantIndexOp>(loc, value);
  }
  return known;
}

void FunctionLowering::call(func::FuncOp kernel, ArrayRef<Value> arguments) {
  b.create<func::CallOp>(loc, kernel, arguments);
}

void FunctionLowering::emitSerial(function_ref<void()> body) {
  Value isFirst = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, thread, constant(0));
  auto conditional = b.create<scf::IfOp>(loc, isFirst, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(conditional.thenBlock());
  body();
}

} // namespace lobit
