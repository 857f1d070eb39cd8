#include "passes/Quantize/Layers.h"
#include "dialects/LM/LMOps.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Regex.h"

using namespace mlir;
using namespace lobit;

// The operand that holds the weight of a layer, or null.
static OpOperand *weightOperand(Operation *op) {
  if (auto linear = dyn_cast<lb::LinearOp>(op))
    return &linear.getWeightMutable();
  if (auto embed = dyn_cast<lm::EmbedOp>(op))
    return &embed.getTableMutable();
  if (auto head = dyn_cast<lm::HeadOp>(op))
    return &head.getWeightMutable();
  return nullptr;
}

static std::string nameOf(Operation *op, lb::WeightOp weight, size_t number) {
  if (auto attr = op->getAttrOfType<StringAttr>(lb::nameAttr))
    return attr.getValue().str();
  if (!weight.getName())
    return "linear_" + std::to_string(number);
  StringRef name = *weight.getName();
  name.consume_back(".weight");
  return name.str();
}

// The matrix that chooses experts: "...mlp.gate" or "...router", not gate_proj.
static bool isRouter(StringRef name) {
  static const llvm::Regex pattern("(^|\\.)(gate|router)$");
  return pattern.match(name);
}

Result<std::vector<Layer>> lobit::findLayers(ModuleOp module) {
  std::vector<Layer> layers;
  llvm::StringMap<size_t> byTensor;
  llvm::DenseMap<Operation *, size_t> byOp;
  Status failure;
  module.walk([&](Operation *op) {
    OpOperand *operand = weightOperand(op);
    if (!operand)
      return WalkResult::advance();
    Result<WeightChain> chain = findWeightChain(operand->get());
    if (!chain.ok()) {
      failure = std::move(chain).status();
      return WalkResult::interrupt();
    }
    lb::WeightOp weight = chain->weight;
    size_t next = layers.size();
    auto [entry, isNew] = weight.getName() ? [&] {
      auto [it, inserted] = byTensor.try_emplace(*weight.getName(), next);
      return std::pair(it->second, inserted);
    }()
                                           : [&] {
                                               auto [it, inserted] = byOp.try_emplace(weight, next);
                                               return std::pair(it->second, inserted);
                                             }();
    if (isNew) {
      layers.emplace_back();
      layers.back().chain = *chain;
    }
    Layer &layer = layers[entry];
    std::string name = nameOf(op, weight, entry);
    if (!llvm::is_contained(layer.names, name))
      layer.names.push_back(name);
    layer.embedOrHead |= !isa<lb::LinearOp>(op);
    layer.router |= isRouter(name);
    layer.operands.push_back(operand);
    return WalkResult::advance();
  });
  if (!failure.ok())
    return failure;
  return layers;
}
