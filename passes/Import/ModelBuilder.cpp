#include "passes/Import/ModelBuilder.h"

#include "dialects/LM/LMOps.h"
#include "dialects/Lobit/LobitOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;

namespace lobit {

namespace {

class Builder {
public:
  Builder(MLIRContext &context, const ModelConfig &config, const CheckpointSource &source,
          int64_t maxContext, CacheElement cache)
      : config_(config), source_(source), maxContext_(maxContext), cache_(cache),
        builder_(&context), loc_(builder_.getUnknownLoc()) {}

  OwningOpRef<ModuleOp> build();

private:
  func::FuncOp buildBlock(int64_t layer);
  void buildForward(ArrayRef<func::FuncOp> blocks);
  DictionaryAttr modelAttr();

  RankedTensorType rows(int64_t columns) {
    return RankedTensorType::get({ShapedType::kDynamic, columns}, builder_.getF32Type());
  }
  Value weight(const std::string &name, ArrayRef<int64_t> shape, Attribute scheme) {
    auto type = lb::WeightType::get(builder_.getContext(), shape, scheme, std::nullopt);
    return builder_.create<lb::WeightOp>(loc_, type, builder_.getStringAttr(name), ElementsAttr(),
                                         ElementsAttr());
  }
  /// A tensor of the checkpoint in the type it is stored in.
  Value weight(const std::string &name, ArrayRef<int64_t> shape);
  Value norm(Value x, const std::string &module, int64_t size) {
    Value scale = weight(module + ".weight", {size});
    return builder_.create<lm::RmsNormOp>(loc_, x.getType(), x, scale,
                                          builder_.getF32FloatAttr(config_.rmsNormEps));
  }
  Value linear(Value x, const std::string &module, int64_t out, int64_t in) {
    Value matrix = weight(module + ".weight", {out, in});
    auto op = builder_.create<lb::LinearOp>(loc_, rows(out), x, matrix, Value());
    op->setDiscardableAttr(lb::nameAttr, builder_.getStringAttr(module));
    return op;
  }
  Type cacheElement() {
    switch (cache_) {
    case CacheElement::F32:
      return builder_.getF32Type();
    case CacheElement::F16:
      return builder_.getF16Type();
    case CacheElement::Int8:
      return builder_.getI8Type();
    }
    llvm_unreachable("unknown element");
  }
  IntegerAttr i64(int64_t value) { return builder_.getI64IntegerAttr(value); }

  const ModelConfig &config_;
  const CheckpointSource &source_;
  int64_t maxContext_;
  CacheElement cache_;
  OpBuilder builder_;
  Location loc_;
};

} // namespace

Value Builder::weight(const std::string &name, ArrayRef<int64_t> shape) {
  Attribute scheme;
  switch (source_.typeOf(name)) {
  case ElementType::F32:
    scheme = TypeAttr::get(builder_.getF32Type());
    break;
  case ElementType::F16:
    scheme = TypeAttr::get(builder_.getF16Type());
    break;
  case ElementType::BF16:
    scheme = TypeAttr::get(builder_.getBF16Type());
    break;
  case ElementType::Int8Codes: // the codes of int6, see CheckpointSource::typeOf
    scheme = lb::Int6Attr::get(builder_.getContext(), ScaleType::F32);
    break;
  case ElementType::HfPackedTernary:
    scheme = lb::TernaryAttr::get(builder_.getContext(), Granularity::Tensor, 0, ScaleType::F32);
    break;
  }
  return weight(name, shape, scheme);
}

func::FuncOp Builder::buildBlock(int64_t layer) {
  OpBuilder::InsertionGuard guard(builder_);
  RankedTensorType type = rows(config_.hidden);
  auto block = builder_.create<func::FuncOp>(
      loc_, "block_" + std::to_string(layer),
      builder_.getFunctionType({type, builder_.getIndexType()}, {type}));
  block.setPrivate();
  builder_.setInsertionPointToStart(block.addEntryBlock());
  Value x = block.getArgument(0), position = block.getArgument(1);
  std::string prefix = "model.layers." + std::to_string(layer) + ".";
  int64_t hidden = config_.hidden, intermediate = config_.intermediate;
  int64_t query = config_.heads * config_.headDim, key = config_.kvHeads * config_.headDim;

  Value table = weight(ropeTableName, {maxContext_, config_.headDim});
  Value cache =
      builder_.create<lm::CacheOp>(loc_,
                                   lm::CacheType::get(builder_.getContext(), config_.kvHeads,
                                                      maxContext_, config_.headDim, cacheElement()),
                                   i64(layer));
  auto rope = [&](Value input, int64_t heads) -> Value {
    return builder_.create<lm::RopeOp>(loc_, input.getType(), input, table, position, i64(heads));
  };
  Value normed = norm(x, prefix + "input_layernorm", hidden);
  Value q = rope(linear(normed, prefix + "self_attn.q_proj", query, hidden), config_.heads);
  Value k = rope(linear(normed, prefix + "self_attn.k_proj", key, hidden), config_.kvHeads);
  Value v = linear(normed, prefix + "self_attn.v_proj", key, hidden);
  float scale = float(1.0 / std::sqrt(double(config_.headDim)));
  Value attention =
      builder_.create<lm::AttentionOp>(loc_, q.getType(), q, k, v, cache, position,
                                       i64(config_.heads), builder_.getF32FloatAttr(scale));
  if (!config_.subNorms.attention.empty())
    attention = norm(attention, prefix + config_.subNorms.attention, query);
  Value o = linear(attention, prefix + "self_attn.o_proj", hidden, query);
  Value residual = builder_.create<lm::AddOp>(loc_, type, x, o);

  normed = norm(residual, prefix + "post_attention_layernorm", hidden);
  Value gate = linear(normed, prefix + "mlp.gate_proj", intermediate, hidden);
  Value up = linear(normed, prefix + "mlp.up_proj", intermediate, hidden);
  auto activation =
      config_.activation == MlpActivation::Relu2 ? lm::Activation::Relu2 : lm::Activation::Silu;
  Value gated = builder_.create<lm::GatedActivationOp>(loc_, gate.getType(), activation, gate, up);
  if (!config_.subNorms.mlp.empty())
    gated = norm(gated, prefix + config_.subNorms.mlp, intermediate);
  Value down = linear(gated, prefix + "mlp.down_proj", hidden, intermediate);
  Value result = builder_.create<lm::AddOp>(loc_, type, residual, down);
  builder_.create<func::ReturnOp>(loc_, result);
  return block;
}

void Builder::buildForward(ArrayRef<func::FuncOp> blocks) {
  OpBuilder::InsertionGuard guard(builder_);
  auto tokensType = RankedTensorType::get({ShapedType::kDynamic}, builder_.getI32Type());
  Type index = builder_.getIndexType();
  auto forward = builder_.create<func::FuncOp>(
      loc_, "forward", builder_.getFunctionType({tokensType, index, index}, {rows(config_.vocab)}));
  forward->setDiscardableAttr(lb::entryAttr, builder_.getUnitAttr());
  builder_.setInsertionPointToStart(forward.addEntryBlock());
  Value tokens = forward.getArgument(0), position = forward.getArgument(1),
        first = forward.getArgument(2);

  std::vector<int64_t> tableShape = {config_.vocab, config_.hidden};
  const char *embedName = "model.embed_tokens", *headName = "lm_head";
  std::string embedWeight = std::string(embedName) + ".weight";
  auto embed = builder_.create<lm::EmbedOp>(loc_, rows(config_.hidden), tokens,
                                            weight(embedWeight, tableShape));
  embed->setDiscardableAttr(lb::nameAttr, builder_.getStringAttr(embedName));
  Value x = embed;
  for (func::FuncOp block : blocks)
    x = builder_.create<func::CallOp>(loc_, block, ValueRange{x, position}).getResult(0);
  x = norm(x, "model.norm", config_.hidden);
  std::string headWeight = config_.tied ? embedWeight : std::string(headName) + ".weight";
  auto head = builder_.create<lm::HeadOp>(loc_, rows(config_.vocab), x,
                                          weight(headWeight, tableShape), first);
  head->setDiscardableAttr(lb::nameAttr, builder_.getStringAttr(headName));
  builder_.create<func::ReturnOp>(loc_, head.getResult());
}

DictionaryAttr Builder::modelAttr() {
  SmallVector<NamedAttribute> attrs;
  auto put = [&](StringRef name, Attribute value) {
    attrs.push_back(builder_.getNamedAttr(name, value));
  };
  put("kind", builder_.getStringAttr("language_model"));
  put("architecture", builder_.getStringAttr(config_.architecture));
  put("vocab", i64(config_.vocab));
  put("hidden", i64(config_.hidden));
  put("layers", i64(config_.layers));
  put("heads", i64(config_.heads));
  put("kv_heads", i64(config_.kvHeads));
  put("head_dim", i64(config_.headDim));
  put("intermediate", i64(config_.intermediate));
  put("max_context", i64(maxContext_));
  if (config_.bos)
    put("bos", i64(*config_.bos));
  put("eos", builder_.getI64ArrayAttr(config_.eos));
  if (source_.hasPacked())
    put("weight_scale", builder_.getStringAttr(scaleDirectionWord(source_.scaleDirection())));
  return builder_.getDictionaryAttr(attrs);
}

OwningOpRef<ModuleOp> Builder::build() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc_);
  (*module)->setDiscardableAttr(lb::modelAttr, modelAttr());
  builder_.setInsertionPointToStart(module->getBody());
  std::vector<func::FuncOp> blocks;
  for (int64_t layer = 0; layer < config_.layers; ++layer)
    blocks.push_back(buildBlock(layer));
  buildForward(blocks);
  return module;
}

OwningOpRef<ModuleOp> buildModel(MLIRContext &context, const ModelConfig &config,
                                 const CheckpointSource &source, int64_t maxContext,
                                 CacheElement cache) {
  return Builder(context, config, source, maxContext, cache).build();
}

} // namespace lobit
