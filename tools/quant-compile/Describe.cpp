#include "tools/quant-compile/Describe.h"
#include "dialects/LM/LMOps.h"
#include "passes/Emit/LinearAnswers.h"
#include "passes/Lower/StoredTensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "runtime/format/KnownAnswers.h"

#include <algorithm>

using namespace mlir;

namespace lobit {
namespace {

func::FuncOp entryOf(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(lb::entryAttr))
      return function;
  return nullptr;
}

/// `name`, or `name0`, `name1`, ... when there are several; an attribute lobit.name wins.
std::string valueName(DictionaryAttr attrs, const char *name, unsigned index, unsigned count) {
  if (attrs)
    if (auto given = attrs.getAs<StringAttr>(lb::nameAttr))
      return given.str();
  return count == 1 ? name : name + std::to_string(index);
}

Result<ValueInfo> valueInfo(Type type, std::string name) {
  auto tensor = llvm::dyn_cast<RankedTensorType>(type);
  const bool integer = tensor && tensor.getElementType().isInteger(32);
  if (!tensor || !(integer || tensor.getElementType().isF32()))
    return Status(StatusCode::UNSUPPORTED,
                  name + ": expected a tensor of f32 or i32 in the entry function's signature");
  ValueInfo value;
  value.name = std::move(name);
  value.type = integer ? DataType::I32 : DataType::F32;
  for (auto [i, dim] : llvm::enumerate(tensor.getShape())) {
    if (ShapedType::isDynamic(dim) && i > 0)
      return Status(StatusCode::UNSUPPORTED,
                    value.name + ": only the first dimension may be dynamic");
    value.dims.push_back(ShapedType::isDynamic(dim) ? kDynamicDim : uint64_t(dim));
  }
  return value;
}

Status describeFunction(func::FuncOp entry, Metadata &metadata) {
  // Numbers (the position, the first row) are fields of the frame, no inputs.
  const unsigned inputs = unsigned(llvm::count_if(
      entry.getArgumentTypes(), [](Type type) { return !llvm::isa<IndexType>(type); }));
  const unsigned outputs = entry.getNumResults();
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    if (llvm::isa<IndexType>(entry.getArgumentTypes()[i]))
      continue;
    Result<ValueInfo> value = valueInfo(entry.getArgumentTypes()[i],
                                        valueName(entry.getArgAttrDict(i), "input", i, inputs));
    if (!value.ok())
      return std::move(value).status();
    metadata.inputs.push_back(*value);
  }
  for (unsigned i = 0; i < outputs; ++i) {
    Result<ValueInfo> value = valueInfo(
        entry.getResultTypes()[i], valueName(entry.getResultAttrDict(i), "output", i, outputs));
    if (!value.ok())
      return std::move(value).status();
    metadata.outputs.push_back(*value);
  }
  return Status();
}

} // namespace

Result<Metadata> describeModel(ModuleOp planned, const std::vector<TargetCode> &codes) {
  Metadata metadata;
  metadata.producer = "lobit " LOBIT_VERSION;
  for (const TargetCode &code : codes) {
    metadata.scratchBytes = std::max(metadata.scratchBytes, code.scratchBytes);
    metadata.stateBytes = code.stateBytes;
    metadata.maxRows = uint32_t(code.maxRows);
    metadata.linears = code.linears;
  }
  func::FuncOp entry = entryOf(planned);
  auto model = planned->getAttrOfType<DictionaryAttr>(lb::modelAttr);
  if (!entry || !model)
    return Status(StatusCode::MISSING, "the module has no entry function with " +
                                           std::string(lb::entryAttr) + " and no " + lb::modelAttr);
  auto word = [&](const char *name) {
    auto attr = model ? model.getAs<StringAttr>(name) : StringAttr();
    return attr ? attr.str() : std::string();
  };
  auto number = [&](const char *name) -> uint64_t {
    auto attr = model ? model.getAs<IntegerAttr>(name) : IntegerAttr();
    return attr ? uint64_t(attr.getInt()) : 0;
  };
  if (word("kind") != "language_model") {
    metadata.kind = ModelKind::Function;
    metadata.family = "function";
    if (Status status = describeFunction(entry, metadata); !status.ok())
      return status;
    return metadata;
  }
  metadata.family = word("architecture").empty() ? "language_model" : word("architecture");
  metadata.vocab = number("vocab");
  metadata.hidden = number("hidden");
  metadata.layers = number("layers");
  metadata.heads = number("heads");
  metadata.kvHeads = number("kv_heads");
  metadata.headDim = number("head_dim");
  metadata.intermediate = number("intermediate");
  metadata.maxContext = number("max_context");
  if (model.get("bos"))
    metadata.bos = uint32_t(number("bos"));
  if (auto eos = model.getAs<ArrayAttr>("eos"))
    for (auto id : eos.getAsRange<IntegerAttr>())
      metadata.eos.push_back(uint32_t(id.getInt()));
  metadata.inputs = {{"tokens", DataType::I32, {kDynamicDim}}};
  metadata.outputs = {{"logits", DataType::F32, {kDynamicDim, metadata.vocab}}};
  return metadata;
}

ModelAnswer modelQuestion(const Metadata &metadata) {
  ModelAnswer answer;
  if (metadata.kind == ModelKind::Function) {
    answer.seed = 1;
    return answer;
  }
  SplitMix64 random(1);
  const uint64_t count = std::min<uint64_t>(12, metadata.maxContext);
  for (uint64_t i = 0; i < count; ++i)
    answer.tokens.push_back(uint32_t(random.next() % metadata.vocab));
  return answer;
}

Result<ArtifactContent> describeArtifact(ModuleOp planned, const std::vector<TargetCode> &codes,
                                         const QuantizeReport &report,
                                         std::vector<uint8_t> tokenizer) {
  ArtifactContent content;
  Result<Metadata> metadata = describeModel(planned, codes);
  if (!metadata.ok())
    return std::move(metadata).status();
  content.metadata = std::move(metadata).value();
  content.tensors = planWeights(planned).tensors;
  content.tokenizer = std::move(tokenizer);
  const std::string json = reportJson(report) + "\n";
  content.report.assign(json.begin(), json.end());
  for (const TargetCode &code : codes)
    content.code.push_back({code.isa, std::vector<uint8_t>(code.bytes.begin(), code.bytes.end()),
                            code.operations, code.hiddenOffset});
  content.knownAnswers.linears = linearQuestions(content.metadata);
  content.knownAnswers.models = {modelQuestion(content.metadata)};
  return content;
}

PlannedWeights planWeights(ModuleOp planned) {
  PlannedWeights plan;
  for (const StoredTensor &tensor : storedTensors(planned)) {
    plan.weights.push_back({tensor.name, tensor.value, tensor.offset, tensor.scaleOffset});
    plan.tensors.push_back(tensorInfo(plan.weights.back()));
  }
  // A head that shares the embedding's weight is findable by its own name.
  planned.walk([&](lm::HeadOp head) {
    auto name = head->getAttrOfType<StringAttr>(lb::nameAttr);
    Operation *last = head.getWeight().getDefiningOp();
    auto offset = last ? last->getAttrOfType<IntegerAttr>(offsetAttr) : IntegerAttr();
    if (!name || !offset)
      return;
    const std::string own = name.str() + ".weight";
    auto named = [&](const TensorInfo &tensor) { return tensor.name == own; };
    if (llvm::any_of(plan.tensors, named))
      return;
    for (size_t i = 0; i < plan.weights.size(); ++i)
      if (plan.weights[i].offset == uint64_t(offset.getInt())) {
        TensorInfo alias = plan.tensors[i];
        alias.name = own;
        alias.aliasOf = uint32_t(i);
        plan.tensors.push_back(alias);
        return;
      }
  });
  return plan;
}

} // namespace lobit
