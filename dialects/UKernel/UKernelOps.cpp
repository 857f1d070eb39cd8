#include "dialects/UKernel/UKernelOps.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/UKernel/UKernelOps.cpp.inc"

namespace lobit::uk {

static int64_t lanesOf(Value value) { return cast<VectorType>(value.getType()).getNumElements(); }

static LogicalResult verifyLanes(Operation *op, StringRef what, int64_t expected, int64_t found) {
  if (expected != found)
    return op->emitOpError() << "expected " << expected << " lanes in " << what << ", found "
                             << found;
  return success();
}

static LogicalResult verifyRange(Operation *op, StringRef what, int64_t low, int64_t high,
                                 int64_t found) {
  if (found < low || found > high)
    return op->emitOpError() << "expected " << what << " from " << low << " to " << high
                             << ", found " << found;
  return success();
}

LogicalResult TableLookupOp::verify() {
  if (lanesOf(getIndices()) % 16 != 0)
    return emitOpError() << "expected a multiple of 16 indices, found " << lanesOf(getIndices());
  return success();
}

LogicalResult DotI8Op::verify() {
  if (failed(verifyRange(*this, "max", 1, 255, getMax())))
    return failure();
  return verifyLanes(*this, "lhs and rhs", 4 * lanesOf(getAcc()), lanesOf(getLhs()));
}

LogicalResult DotS8Op::verify() {
  return verifyLanes(*this, "lhs and rhs", 4 * lanesOf(getAcc()), lanesOf(getLhs()));
}

/// Two products of codes up to `max` <= `maxOfType` and codes up to `by` a lane and addition.
template <typename Op> static LogicalResult verifyShortSums(Op op, int64_t maxOfType, int64_t by) {
  int64_t max = op.getMax();
  if (failed(verifyRange(op, "max", 1, maxOfType, max)) ||
      failed(verifyLanes(op, "lhs and rhs", 2 * lanesOf(op.getAcc()), lanesOf(op.getLhs()))))
    return failure();
  // One addition grows a lane by at most 2 * max * by.
  return verifyRange(op, "additions", 1, 32767 / (2 * max * by), op.getAdditions());
}

LogicalResult DotI8PairsOp::verify() {
  if (failed(verifyRange(*this, "by", 1, 128, getBy())))
    return failure();
  return verifyShortSums(*this, 255, getBy());
}

LogicalResult DotS8HalvesOp::verify() { return verifyShortSums(*this, 127, 128); }

LogicalResult MultiplyAddS8Op::verify() {
  int64_t max = getMax();
  if (failed(verifyRange(*this, "max", 1, 127, max)) ||
      failed(verifyLanes(*this, "lhs and rhs", lanesOf(getAcc()), lanesOf(getLhs()))))
    return failure();
  return verifyRange(*this, "additions", 1, 32767 / (max * 128), getAdditions());
}

LogicalResult WidenAddOp::verify() {
  return verifyLanes(*this, "the input", 2 * lanesOf(getAcc()), lanesOf(getInput()));
}

LogicalResult UnpackOp::verify() { return verifyRange(*this, "plane", 0, 3, getPlane()); }

LogicalResult UnpackNibbleOp::verify() { return verifyRange(*this, "half", 0, 1, getHalf()); }

LogicalResult UnpackI6Op::verify() { return verifyRange(*this, "plane", 0, 3, getPlane()); }

LogicalResult SelectPairsOp::verify() {
  if (failed(verifyRange(*this, "nibble", 0, 7, getNibble())))
    return failure();
  return verifyLanes(*this, "the result", 4 * lanesOf(getMasks()), lanesOf(getResult()));
}

LogicalResult ExpandPairsOp::verify() {
  if (failed(verifyRange(*this, "nibble", 0, 7, getNibble())) ||
      failed(verifyRange(*this, "half", 0, 1, getHalf())))
    return failure();
  return verifyLanes(*this, "the values", 4 * lanesOf(getMasks()), lanesOf(getValues()));
}

LogicalResult ActQuantizeOp::verify() {
  return verifyLanes(*this, "the result", lanesOf(getInput()), lanesOf(getResult()));
}

LogicalResult WidenFloatOp::verify() {
  return verifyLanes(*this, "the result", lanesOf(getInput()), lanesOf(getResult()));
}

LogicalResult NarrowFloatOp::verify() {
  return verifyLanes(*this, "the result", lanesOf(getInput()), lanesOf(getResult()));
}

LogicalResult DotI8PanelOp::verify() {
  for (Value buffer : {getX(), getPanel(), getSums(), getNext()}) {
    auto type = cast<MemRefType>(buffer.getType());
    if (!type.hasStaticShape() || !type.getLayout().isIdentity())
      return emitOpError() << "expected memrefs of static shape without strides, found " << type;
  }
  return success();
}

LogicalResult BufferOp::verify() {
  bool perArgument = getSection() == Section::Input || getSection() == Section::Output;
  if (!perArgument && getArgument() != 0)
    return emitOpError() << "expected argument 0 for section " << stringifySection(getSection())
                         << ", found " << getArgument();
  if (int64_t(getArgument()) < 0 || int64_t(getOffset()) < 0)
    return emitOpError() << "expected argument and offset of at least 0, found "
                         << int64_t(getArgument()) << " and " << int64_t(getOffset());
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.getLayout().isIdentity())
    return emitOpError() << "expected a memref without strides, found " << type;
  return success();
}

//===--- folders ------------------------------------------------------------===//

OpFoldResult UnpackOp::fold(FoldAdaptor) {
  if (!getInPlace() || getPlane() != 0)
    return {};
  setInPlace(false);
  return getResult();
}

LogicalResult ThreadRangeOp::fold(FoldAdaptor adaptor, SmallVectorImpl<OpFoldResult> &results) {
  auto count = dyn_cast_or_null<IntegerAttr>(adaptor.getCount());
  auto thread = dyn_cast_or_null<IntegerAttr>(adaptor.getThread());
  auto threads = dyn_cast_or_null<IntegerAttr>(adaptor.getThreads());
  if (!threads || threads.getInt() <= 0)
    return failure();
  auto number = [&](int64_t value) { return IntegerAttr::get(threads.getType(), value); };
  if (threads.getInt() == 1) {
    results.assign({number(0), getCount()});
    return success();
  }
  if (!count || !thread)
    return failure();
  int64_t begin = count.getInt() * thread.getInt() / threads.getInt();
  int64_t end = count.getInt() * (thread.getInt() + 1) / threads.getInt();
  results.assign({number(begin), number(end)});
  return success();
}

} // namespace lobit::uk
