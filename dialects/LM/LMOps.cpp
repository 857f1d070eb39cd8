#include "dialects/LM/LMOps.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using lobit::lb::WeightType;

#define GET_OP_CLASSES
#include "dialects/LM/LMOps.cpp.inc"

namespace lobit::lm {

/// Tokens and columns of a [tokens, features] tensor.
static int64_t tokensOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getDimSize(0);
}
static int64_t columnsOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getDimSize(1);
}

static LogicalResult verifyTokens(Operation *op, StringRef what, int64_t expected, int64_t found) {
  auto text = [](int64_t dim) { return ShapedType::isDynamic(dim) ? "?" : std::to_string(dim); };
  if (expected != found)
    return op->emitOpError() << "expected " << text(expected) << " tokens in " << what << ", found "
                             << text(found);
  return success();
}

static LogicalResult verifyColumns(Operation *op, StringRef what, int64_t expected, int64_t found) {
  if (expected != found)
    return op->emitOpError() << "expected " << expected << " columns in " << what << ", found "
                             << (ShapedType::isDynamic(found) ? "?" : std::to_string(found));
  return success();
}

static LogicalResult verifyMatrix(Operation *op, StringRef what, WeightType type) {
  if (type.getShape().size() != 2)
    return op->emitOpError() << "expected a matrix as " << what << ", found " << type;
  return success();
}

LogicalResult CacheOp::verify() {
  if (int64_t(getLayer()) < 0)
    return emitOpError() << "expected a layer from 0 on, found " << int64_t(getLayer());
  return success();
}

LogicalResult EmbedOp::verify() {
  if (failed(verifyMatrix(*this, "table", getTable().getType())))
    return failure();
  int64_t tokens = cast<RankedTensorType>(getTokens().getType()).getDimSize(0);
  if (failed(verifyTokens(*this, "the result", tokens, tokensOf(getResult()))))
    return failure();
  return verifyColumns(*this, "the result", getTable().getType().getColumns(),
                       columnsOf(getResult()));
}

LogicalResult RmsNormOp::verify() {
  WeightType weight = getWeight().getType();
  if (!weight.isFloat() || weight.getShape().size() != 1)
    return emitOpError() << "expected a vector of kept values as weight, found " << weight;
  if (failed(verifyColumns(*this, "the input", weight.getColumns(), columnsOf(getInput()))))
    return failure();
  if (!(getEps().convertToFloat() >= 0) || !getEps().isFinite())
    return emitOpError() << "expected a finite eps of at least 0, found "
                         << getEps().convertToFloat();
  return success();
}

LogicalResult RopeOp::verify() {
  WeightType table = getTable().getType();
  if (table.getShape().size() != 2 || table.getScheme() != Scheme::F32)
    return emitOpError() << "expected a f32 matrix as table, found " << table;
  if (table.getColumns() % 2 != 0)
    return emitOpError() << "expected an even head dimension, found " << table.getColumns();
  if (int64_t(getHeads()) <= 0)
    return emitOpError() << "expected at least 1 head, found " << int64_t(getHeads());
  return verifyColumns(*this, "the input", getHeads() * table.getColumns(), columnsOf(getInput()));
}

LogicalResult AttentionOp::verify() {
  CacheType cache = getCache().getType();
  int64_t heads = getHeads();
  if (heads <= 0 || heads % cache.getKvHeads() != 0)
    return emitOpError() << "expected heads to be a multiple of the " << cache.getKvHeads()
                         << " key-value heads, found " << heads;
  if (failed(verifyTokens(*this, "the keys", tokensOf(getQuery()), tokensOf(getKey()))) ||
      failed(verifyColumns(*this, "the query", heads * cache.getHeadDim(), columnsOf(getQuery()))))
    return failure();
  return verifyColumns(*this, "the keys", cache.getKvHeads() * cache.getHeadDim(),
                       columnsOf(getKey()));
}

LogicalResult HeadOp::verify() {
  WeightType weight = getWeight().getType();
  if (failed(verifyMatrix(*this, "weight", weight)) ||
      failed(verifyColumns(*this, "the input", weight.getColumns(), columnsOf(getInput()))))
    return failure();
  return verifyColumns(*this, "the result", weight.getRows(), columnsOf(getResult()));
}

} // namespace lobit::lm
