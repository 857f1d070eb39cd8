#include "dialects/Interpreter/Arithmetic/Steps.h"
#include "dialects/Interpreter/LinearRows.h"
#include "dialects/LM/LMOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lobit {

static Status error(Operation *op, StatusCode code, const std::string &text) {
  return {code, describe(op) + ": " + text};
}

static Status checkSameRows(Operation *op, const TensorValue &a, const TensorValue &b) {
  if (a.shape == b.shape)
    return {};
  return error(op, StatusCode::INVALID_ARGUMENT,
               "expected " + std::to_string(a.shape[0]) + " tokens, found " +
                   std::to_string(b.shape[0]));
}

/// Positions first .. first + tokens - 1 must lie in 0 .. context - 1.
static Status checkPositions(Operation *op, int64_t first, int64_t tokens, int64_t context) {
  if (first >= 0 && first <= context && tokens <= context - first)
    return {};
  return error(op, StatusCode::CONTEXT_FULL,
               "expected positions below " + std::to_string(context) + ", found " +
                   std::to_string(tokens) + " tokens at position " + std::to_string(first));
}

static Status evaluate(lm::CacheOp op, CallFrame &frame) {
  lm::CacheType type = op.getType();
  KeyValueCache &cache = frame.session.caches[op.getLayer()];
  cache.keys.resize(type.getKvHeads() * type.getMaxContext() * type.getHeadDim());
  cache.values.resize(cache.keys.size());
  if (type.getElement().isInteger(8)) {
    cache.keyScales.resize(type.getKvHeads() * type.getMaxContext());
    cache.valueScales.resize(cache.keyScales.size());
  }
  frame.set(op.getResult(),
            RuntimeValue(CacheReference{&cache, type.getKvHeads(), type.getMaxContext(),
                                        type.getHeadDim(), type.getElement()}));
  return {};
}

static Status evaluate(lm::EmbedOp op, CallFrame &frame) {
  Result<const LoadedWeight *> table = frame.weight(op.getTable());
  if (!table.ok())
    return std::move(table).status();
  const reference::Matrix &matrix = (*table)->matrix;
  const TensorValue &tokens = frame.tensor(op.getTokens());
  std::vector<float> rows(tokens.size() * matrix.columns);
  for (int64_t t = 0; t < tokens.size(); ++t) {
    int64_t token = tokens.integers[t];
    if (token < 0 || token >= matrix.rows)
      return error(op, StatusCode::INVALID_ARGUMENT,
                   "expected token ids from 0 to " + std::to_string(matrix.rows - 1) + ", found " +
                       std::to_string(token));
    reference::dequantizeRow(matrix, token, &rows[t * matrix.columns]);
  }
  frame.set(op.getResult(),
            TensorValue::ofFloats({tokens.size(), matrix.columns}, std::move(rows)));
  return {};
}

static Status evaluate(lm::RmsNormOp op, CallFrame &frame) {
  Result<const LoadedWeight *> weight = frame.weight(op.getWeight());
  if (!weight.ok())
    return std::move(weight).status();
  TensorValue y = frame.tensor(op.getInput());
  int64_t columns = y.shape[1];
  for (int64_t t = 0; t < y.shape[0]; ++t)
    reference::rmsNorm(&y.floats[t * columns], (*weight)->kept.data(), columns,
                       op.getEps().convertToFloat(), &y.floats[t * columns]);
  frame.set(op.getResult(), std::move(y));
  return {};
}

static Status evaluate(lm::RopeOp op, CallFrame &frame) {
  Result<const LoadedWeight *> table = frame.weight(op.getTable());
  if (!table.ok())
    return std::move(table).status();
  const reference::Matrix &matrix = (*table)->matrix;
  TensorValue y = frame.tensor(op.getInput());
  int64_t position = frame.integer(op.getPosition()), headDim = matrix.columns;
  Status status = checkPositions(op, position, y.shape[0], matrix.rows);
  if (!status.ok())
    return status;
  for (int64_t t = 0; t < y.shape[0]; ++t)
    for (int64_t head = 0; head < int64_t(op.getHeads()); ++head) {
      float *x = &y.floats[t * y.shape[1] + head * headDim];
      reference::rope(x, matrix.kept + (position + t) * headDim, headDim, x);
    }
  frame.set(op.getResult(), std::move(y));
  return {};
}

/// Stores row [kvHeads * headDim] of one token at its position in [kvHeads, maxContext,
/// headDim], in the element type of the cache.
static Status store(Operation *op, const float *row, const CacheReference &cache, int64_t position,
                    std::vector<float> &out, std::vector<float> &scales) {
  for (int64_t head = 0; head < cache.kvHeads; ++head) {
    int64_t at = head * cache.maxContext + position;
    const float *x = row + head * cache.headDim;
    bool fits = cache.element.isInteger(8)
                    ? reference::cacheInt8(x, cache.headDim, &out[at * cache.headDim], scales[at])
                : cache.element.isF16()
                    ? reference::cacheF16(x, cache.headDim, &out[at * cache.headDim])
                    : (std::copy_n(x, cache.headDim, &out[at * cache.headDim]), true);
    if (!fits)
      return error(op, StatusCode::NONFINITE, "a key or value does not fit into the cache");
  }
  return {};
}

static Status evaluate(lm::AttentionOp op, CallFrame &frame) {
  const TensorValue &query = frame.tensor(op.getQuery());
  const TensorValue &key = frame.tensor(op.getKey());
  const TensorValue &value = frame.tensor(op.getValue());
  const CacheReference &cache = frame.cache(op.getCache());
  int64_t position = frame.integer(op.getPosition()), tokens = query.shape[0];
  int64_t heads = op.getHeads(), headDim = cache.headDim;
  for (const TensorValue *rows : {&key, &value})
    if (rows->shape[0] != tokens)
      return error(op, StatusCode::INVALID_ARGUMENT,
                   "expected keys and values of " + std::to_string(tokens) + " tokens, found " +
                       std::to_string(rows->shape[0]));
  Status status = checkPositions(op, position, tokens, cache.maxContext);
  if (!status.ok())
    return status;
  TensorValue y = query;
  for (int64_t t = 0; t < tokens; ++t) {
    for (auto [row, values, scales] :
         {std::tuple(&key.floats[t * key.shape[1]], &cache.cache->keys, &cache.cache->keyScales),
          {&value.floats[t * value.shape[1]], &cache.cache->values, &cache.cache->valueScales}})
      if (Status stored = store(op, row, cache, position + t, *values, *scales); !stored.ok())
        return stored;
    for (int64_t head = 0; head < heads; ++head) {
      int64_t kvRow = head / (heads / cache.kvHeads) * cache.maxContext;
      int64_t offset = (t * heads + head) * headDim;
      reference::CacheView view{&cache.cache->keys[kvRow * headDim],
                                &cache.cache->values[kvRow * headDim]};
      if (cache.element.isInteger(8)) {
        view.keyScales = &cache.cache->keyScales[kvRow];
        view.valueScales = &cache.cache->valueScales[kvRow];
      }
      reference::attention(&query.floats[offset], view, position + t + 1, headDim,
                           op.getScale().convertToFloat(), &y.floats[offset]);
    }
  }
  frame.set(op.getResult(), std::move(y));
  return {};
}

static Status evaluate(lm::GatedActivationOp op, CallFrame &frame) {
  TensorValue y = frame.tensor(op.getGate());
  const TensorValue &up = frame.tensor(op.getUp());
  Status status = checkSameRows(op, y, up);
  if (!status.ok())
    return status;
  auto *gated =
      op.getActivation() == lm::Activation::Relu2 ? reference::gatedRelu2 : reference::gatedSilu;
  for (int64_t i = 0; i < y.size(); ++i)
    y.floats[i] = gated(y.floats[i], up.floats[i]);
  frame.set(op.getResult(), std::move(y));
  return {};
}

static Status evaluate(lm::AddOp op, CallFrame &frame) {
  TensorValue y = frame.tensor(op.getLhs());
  const TensorValue &rhs = frame.tensor(op.getRhs());
  Status status = checkSameRows(op, y, rhs);
  if (!status.ok())
    return status;
  for (int64_t i = 0; i < y.size(); ++i)
    y.floats[i] = y.floats[i] + rhs.floats[i];
  frame.set(op.getResult(), std::move(y));
  return {};
}

static Status evaluate(lm::HeadOp op, CallFrame &frame) {
  Result<const LoadedWeight *> weight = frame.weight(op.getWeight());
  if (!weight.ok())
    return std::move(weight).status();
  const TensorValue &x = frame.tensor(op.getInput());
  int64_t first = frame.integer(op.getFirst());
  if (first < 0 || first > x.shape[0])
    return error(op, StatusCode::INVALID_ARGUMENT,
                 "expected a first row from 0 to " + std::to_string(x.shape[0]) + ", found " +
                     std::to_string(first));
  Result<TensorValue> logits = evaluateLinearRows(op, x, (*weight)->matrix, nullptr, first);
  if (!logits.ok())
    return std::move(logits).status();
  frame.set(op.getResult(), std::move(*logits));
  return {};
}

std::optional<Status> evaluateLM(Operation *op, CallFrame &frame) {
  return llvm::TypeSwitch<Operation *, std::optional<Status>>(op)
      .Case<lm::CacheOp, lm::EmbedOp, lm::RmsNormOp, lm::RopeOp, lm::AttentionOp,
            lm::GatedActivationOp, lm::AddOp, lm::HeadOp>(
          [&](auto typed) { return evaluate(typed, frame); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace lobit
