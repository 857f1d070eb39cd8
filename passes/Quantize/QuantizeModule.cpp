#include "passes/Quantize/QuantizeModule.h"

#include "dialects/LM/LMOps.h"
#include "dialects/Lobit/Weights/QuantizePieces.h"
#include "dialects/Lobit/Weights/StoredCodes.h"
#include "passes/Quantize/Layers.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

using namespace mlir;
using namespace lobit;
using lb::WeightType;
using Kind = SchemeChoice::Kind;

namespace {

/// What is to be done with a layer, and why.
struct Choice {
  SchemeChoice scheme;
  std::string reason;
};

class Quantizer {
public:
  Quantizer(ModuleOp module, TensorSource *source, const QuantizePolicy &policy,
            const LayerInputs &inputs)
      : module(module), source(source), policy(policy), inputs(inputs) {}

  Result<QuantizeReport> run(const QuantizeProgress &progress);

private:
  Result<std::vector<Choice>> chooseSchemes(ArrayRef<Layer> layers) const;
  Result<LayerReport> quantizeLayer(Layer &layer, Choice choice);
  Result<CodedWeight> quantizeData(Layer &layer, Choice &choice, const TensorData &data,
                                   LayerReport &report);
  bool quantizeInPieces(const Layer &layer, Choice &choice, LayerReport &report);
  Status checkInputs(const Layer &layer, const SchemeChoice &scheme) const;
  void replaceByCodes(Layer &layer, WeightType type, CodedWeight coded);
  Status countStored(Layer &layer, LayerReport &report);
  bool isTrainedTernary(const Layer &layer) const;
  void adaptToData(Choice &choice, const Layer &layer, const FloatTensor &tensor) const;

  ModuleOp module;
  TensorSource *source;
  const QuantizePolicy &policy;
  const LayerInputs &inputs;
};

} // namespace

// Each rule with the layers it matches; the last one that matches decides.
Result<std::vector<Choice>> Quantizer::chooseSchemes(ArrayRef<Layer> layers) const {
  std::vector<Choice> choices;
  for (const Layer &layer : layers) {
    if (layer.router)
      choices.push_back({{Kind::Keep}, "routers are kept"});
    else if (layer.embedOrHead)
      choices.push_back({policy.embedAndHead, "embedding and head"});
    else
      choices.push_back({policy.linear, policy.linear.text()});
  }
  for (const LayerRule &rule : policy.rules) {
    llvm::Regex pattern(rule.pattern);
    std::string text = rule.pattern + "=" + rule.choice.text();
    bool matched = false;
    for (size_t i = 0; i < layers.size(); ++i)
      if (llvm::any_of(layers[i].names, [&](StringRef name) { return pattern.match(name); })) {
        matched = true;
        choices[i] = {rule.choice, "rule " + text};
      }
    if (matched)
      continue;
    std::vector<std::string> names;
    for (const Layer &layer : layers)
      names.insert(names.end(), layer.names.begin(), layer.names.end());
    if (names.size() > 8) {
      names.resize(8);
      names.push_back("...");
    }
    return Status(StatusCode::INVALID_ARGUMENT, "layer rule '" + text +
                                                    "' matches no layer; the layers are " +
                                                    llvm::join(names, ", "));
  }
  return choices;
}

// Coarse to fine: tensor, row, groups of 256, 128, 64, 32. Each divides the one before.
static int64_t fineness(Granularity granularity, int64_t groupSize) {
  if (granularity == Granularity::Group)
    return 2 + 256 / groupSize;
  return granularity == Granularity::Row ? 1 : 0;
}

bool Quantizer::isTrainedTernary(const Layer &layer) const {
  auto stayedFloat = [&](StringRef name) {
    return llvm::any_of(policy.trainedFloat, [&](const std::string &part) {
      return !part.empty() && name.contains(part);
    });
  };
  return policy.trainedTernary && llvm::none_of(layer.names, stayedFloat);
}

// Weights that are ternary already keep their scales: the granularity becomes the
// coarsest that holds them unless a finer one was asked for. What auto means depends
// on the values, too.
void Quantizer::adaptToData(Choice &choice, const Layer &layer, const FloatTensor &tensor) const {
  SchemeChoice &scheme = choice.scheme;
  bool isAuto = scheme.kind == Kind::Auto;
  bool mayBeNative =
      isAuto || (scheme.kind == Kind::Ternary && ternaryMethodInfo(scheme.method).keepsNative);
  std::optional<ScaleGrid> native = mayBeNative ? detectNativeTernary(tensor) : std::nullopt;
  if (native) {
    scheme.kind = Kind::Ternary;
    choice.reason += ": ternary already";
    if (scheme.granularity == Granularity::None ||
        fineness(scheme.granularity, scheme.groupSize) <
            fineness(native->granularity, native->groupSize)) {
      scheme.granularity = native->granularity;
      scheme.groupSize = native->groupSize;
    }
    return;
  }
  if (!isAuto)
    return;
  if (isTrainedTernary(layer)) {
    scheme.kind = Kind::Ternary;
    scheme.method = TernaryMethod::Absmean;
    choice.reason += ": trained with ternary weights";
    return;
  }
  scheme.kind = Kind::Int8;
  choice.reason += ": dense";
}

static Attribute schemeAttr(const SchemeChoice &scheme, WeightType type) {
  MLIRContext *context = type.getContext();
  if (scheme.kind == Kind::Int8)
    return lb::Int8Attr::get(context, scheme.scaleType);
  if (scheme.kind == Kind::Int6)
    return lb::Int6Attr::get(context, ScaleType::F32);
  if (scheme.kind == Kind::Int4)
    return lb::Int4Attr::get(context, scheme.scaleType);
  Granularity granularity = scheme.granularity;
  int64_t groupSize = granularity == Granularity::Group ? scheme.groupSize : 0;
  if (granularity == Granularity::None) {
    granularity = ternaryMethodInfo(scheme.method).granularity;
    groupSize = granularity == Granularity::Group ? 256 : 0;
    if (scheme.method == TernaryMethod::AbsmeanBlock) {
      // A grid that does not exist is refused when the data is quantized.
      if (std::optional<ScaleGrid> grid = absmeanBlockGrid(type.getRows(), type.getColumns())) {
        granularity = grid->granularity;
        groupSize = grid->groupSize;
      }
    } else if (granularity == Granularity::Group && type.getColumns() <= groupSize) {
      granularity = Granularity::Row; // the same scales
      groupSize = 0;
    }
  }
  return lb::TernaryAttr::get(context, granularity, groupSize, scheme.scaleType);
}

static StringRef methodWord(const SchemeChoice &scheme) {
  if (scheme.kind == Kind::Int6)
    return int6MethodInfo(scheme.int6Method).word;
  if (scheme.kind == Kind::Int4)
    return "search";
  return scheme.kind == Kind::Int8 ? "absmax" : ternaryMethodInfo(scheme.method).word;
}

static void describeType(LayerReport &report, WeightType type, KernelForm form) {
  report.scheme = type.getScheme();
  report.layout =
      type.getLayout().value_or(executionLayout(type.getScheme(), type.getGranularity(), form));
  report.granularity = type.getGranularity();
  report.groupSize = report.granularity == Granularity::Group ? type.getGroupSize() : 0;
  report.scaleType = type.getScaleType();
  WeightType packed = type.isFloat() ? type : type.withLayout(report.layout);
  report.bytes = packed.getDataBytes() + packed.getScaleBytes();
}

static void insertQuantize(Layer &layer, StringRef method, WeightType type) {
  llvm::DenseMap<Operation *, Value> quantized;
  for (OpOperand *operand : layer.operands) {
    auto weight = operand->get().getDefiningOp<lb::WeightOp>();
    if (!weight)
      continue;
    Value &value = quantized[weight];
    if (!value) {
      OpBuilder builder(weight->getContext());
      builder.setInsertionPointAfter(weight);
      value = builder.create<lb::QuantizeOp>(weight.getLoc(), type, method, weight.getResult());
    }
    operand->set(value);
  }
}

// Stored codes are kept; only their zeros are counted.
Status Quantizer::countStored(Layer &layer, LayerReport &report) {
  lb::WeightOp weight = layer.chain.weight;
  if (weight.getName() && !source)
    return Status();
  Result<TensorData> data = loadWeight(weight, source);
  if (!data.ok())
    return std::move(data).status();
  report.error.emplace();
  report.error->count = report.rows * report.columns;
  if (data->type == ElementType::HfPackedTernary) {
    Result<int64_t> zeros =
        countPackedZeros(weightName(weight), *data, scaleGridOf(weight.getType()));
    if (!zeros.ok())
      return std::move(zeros).status();
    report.error->zeros = *zeros;
    return Status();
  }
  Result<CodedWeight> coded = storedCodesOf(weight, *data);
  if (!coded.ok())
    return std::move(coded).status();
  report.error->zeros = std::count(coded->codes.begin(), coded->codes.end(), int8_t(0));
  return Status();
}

// Methods that need inputs need statistics, and data to use them on.
Status Quantizer::checkInputs(const Layer &layer, const SchemeChoice &scheme) const {
  if (!scheme.needsInputs())
    return Status();
  if (!inputs.statistics)
    return Status(StatusCode::INVALID_ARGUMENT,
                  scheme.text() + " needs what the layer reads from a calibration text; give "
                                  "one, or use int6:magnitude");
  lb::WeightOp weight = layer.chain.weight;
  if (weight.getName() && !(source && inputs.coded))
    return Status(StatusCode::MISSING, scheme.text() + " has to look at the weight '" +
                                           weightName(weight) + "', but no model file was given");
  return Status();
}

// The weight becomes one that is stored as codes.
void Quantizer::replaceByCodes(Layer &layer, WeightType type, CodedWeight coded) {
  OpBuilder builder(type.getContext());
  ElementsAttr codes, scales;
  if (!layer.chain.weight.getName()) {
    codes = DenseElementsAttr::get(
        RankedTensorType::get(type.getShape(), builder.getIntegerType(8)), ArrayRef(coded.codes));
    scales = DenseElementsAttr::get(
        RankedTensorType::get(int64_t(coded.scales.size()), builder.getF32Type()),
        ArrayRef(coded.scales));
  }
  llvm::MapVector<Operation *, Value> replaced;
  for (OpOperand *operand : layer.operands) {
    auto weight = operand->get().getDefiningOp<lb::WeightOp>();
    if (!weight)
      continue;
    Value &value = replaced[weight];
    if (!value) {
      builder.setInsertionPointAfter(weight);
      value =
          builder.create<lb::WeightOp>(weight.getLoc(), type, weight.getNameAttr(), codes, scales);
    }
    operand->set(value);
  }
  if (layer.chain.weight.getName())
    inputs.coded->put(layer.chain.weight.getName()->str(), std::move(coded), type.getRows(),
                      type.getColumns());
  for (auto &[weight, value] : replaced)
    if (weight->use_empty())
      weight->erase();
}

Result<CodedWeight> Quantizer::quantizeData(Layer &layer, Choice &choice, const TensorData &data,
                                            LayerReport &report) {
  WeightType type = layer.chain.weight.getType();
  Result<FloatTensor> tensor = floatTensorOf(layer.chain.weight, data, &report.nonFinite);
  if (!tensor.ok())
    return std::move(tensor).status();
  adaptToData(choice, layer, *tensor);
  std::shared_ptr<const InputStatistics> seen;
  if (inputs.statistics) {
    Result<std::shared_ptr<const InputStatistics>> found =
        inputs.statistics->inputsOf(layer.names.front());
    if (!found.ok())
      return std::move(found).status();
    seen = std::move(found).value();
  }
  if (!seen && choice.scheme.needsInputs())
    return Status(StatusCode::INVALID_ARGUMENT,
                  choice.scheme.text() + " needs what the layer reads, but an embedding reads "
                                         "nothing; use int6:magnitude or int8 for it");
  WeightType result = type.withScheme(schemeAttr(choice.scheme, type));
  Result<CodedWeight> coded =
      quantizeWeight(*tensor, methodWord(choice.scheme), result, policy.threads, seen.get());
  if (coded.status().code() == StatusCode::RESOURCE_LIMIT &&
      choice.scheme.scaleType == ScaleType::F16) {
    choice.scheme.scaleType = ScaleType::F32;
    choice.reason += "; f32 scales because f16 cannot hold them";
    result = type.withScheme(schemeAttr(choice.scheme, type));
    coded = quantizeWeight(*tensor, methodWord(choice.scheme), result, policy.threads, seen.get());
  }
  if (!coded.ok())
    return std::move(coded).status();
  report.error = measureError(*tensor, *coded, scaleGridOf(result), policy.threads);
  if (seen)
    report.output = measureOutputError(*tensor, *coded, scaleGridOf(result), *seen, policy.threads);
  return coded;
}

// The short way for ordinary weights. False, with nothing changed, when they have to go the
// long one: loadWeight, quantizeData, packWeight.
bool Quantizer::quantizeInPieces(const Layer &layer, Choice &choice, LayerReport &report) {
  lb::WeightOp weight = layer.chain.weight;
  if (!weight.getName() || !source || inputs.statistics || choice.scheme.needsInputs())
    return false;
  Result<TensorData> data = peekWeight(weight, source);
  if (!data.ok())
    return false;
  WeightType type = weight.getType();
  Result<FloatTensor> tensor =
      FloatTensor::create(report.tensor, *data, report.rows, report.columns);
  if (!tensor.ok())
    return false;
  Choice adapted = choice;
  adaptToData(adapted, layer, *tensor);
  WeightType result = type.withScheme(schemeAttr(adapted.scheme, type));
  WeightType packed = result.withLayout(
      executionLayout(result.getScheme(), result.getGranularity(), policy.kernel));
  const StringRef method = methodWord(adapted.scheme);
  PieceSink sink;
  if (inputs.packed)
    sink = inputs.packed->open(PackedWeights::keyOf(report.tensor, method, packed),
                               uint64_t(packed.getDataBytes()));
  std::optional<MeasuredScales> measured =
      quantizePieces(*tensor, method, packed, policy.threads, sink);
  if (!measured)
    return false;
  choice = std::move(adapted);
  report.error = measured->error;
  if (sink)
    inputs.packed->close(std::move(measured->scales));
  return true;
}

Result<LayerReport> Quantizer::quantizeLayer(Layer &layer, Choice choice) {
  lb::WeightOp weight = layer.chain.weight;
  WeightType type = weight.getType();
  LayerReport report;
  report.names = layer.names;
  report.tensor = weight.getName().value_or("").str();
  report.rows = type.getRows();
  report.columns = type.getColumns();
  if (layer.isQuantized() || !type.isFloat()) {
    describeType(report, cast<WeightType>(layer.operands.front()->get().getType()), policy.kernel);
    report.reason = layer.isQuantized() ? "is quantized already" : "stored as codes";
    if (type.isFloat() || type.getLayout())
      return report;
    if (Status status = countStored(layer, report); !status.ok())
      return status;
    return report;
  }
  if (choice.scheme.kind == Kind::Keep) {
    describeType(report, type, policy.kernel);
    report.reason = choice.reason;
    return report;
  }
  if (Status status = checkInputs(layer, choice.scheme); !status.ok())
    return status;
  CodedWeight coded;
  const bool done = quantizeInPieces(layer, choice, report);
  if (!done && (!weight.getName() || source)) {
    Result<TensorData> data = loadWeight(weight, source);
    if (!data.ok())
      return std::move(data).status();
    Result<CodedWeight> quantized = quantizeData(layer, choice, *data, report);
    if (!quantized.ok())
      return std::move(quantized).status();
    coded = std::move(quantized).value();
  } else if (!done && choice.scheme.kind == Kind::Auto) {
    return Status(StatusCode::MISSING, "auto has to look at the weight '" + report.tensor +
                                           "', but no model file was given; name a scheme");
  }
  WeightType result = type.withScheme(schemeAttr(choice.scheme, type));
  StringRef method = methodWord(choice.scheme);
  describeType(report, result, policy.kernel);
  if (choice.scheme.needsInputs()) {
    replaceByCodes(layer, result, std::move(coded));
  } else {
    insertQuantize(layer, method, result);
    if (!done && inputs.packed && weight.getName()) {
      const WeightType packedType = result.withLayout(report.layout);
      const PieceSink sink =
          inputs.packed->open(PackedWeights::keyOf(report.tensor, method, packedType),
                              uint64_t(packedType.getDataBytes()));
      if (sink) {
        Result<EvaluatedWeight> packed = packWeight(std::move(coded), packedType, policy.threads);
        if (!packed.ok())
          return std::move(packed).status();
        sink(0, packed->bytes.data(), packed->bytes.size());
        inputs.packed->close(std::move(packed->scales));
      }
    }
  }
  report.method = method.str();
  report.reason = choice.reason;
  return report;
}

// Why a weight that is no layer stays as it is; null for the weight of a layer.
static const char *reasonToKeep(OpOperand &use) {
  Operation *op = use.getOwner();
  if (isa<lm::RmsNormOp>(op))
    return "norms are never quantized";
  if (isa<lm::RopeOp>(op))
    return "the table of positions is never quantized";
  if (auto linear = dyn_cast<lb::LinearOp>(op))
    return &use == &linear.getWeightMutable() ? nullptr : "biases are never quantized";
  if (isa<lm::EmbedOp, lm::HeadOp, lb::QuantizeOp, lb::PackOp>(op))
    return nullptr;
  return "not the weight of a layer";
}

static std::vector<KeptReport> keptWeights(ModuleOp module) {
  llvm::MapVector<StringRef, KeptReport> byReason;
  llvm::DenseSet<StringRef> seen;
  module.walk([&](lb::WeightOp weight) {
    const char *reason = nullptr;
    for (OpOperand &use : weight.getResult().getUses())
      if (!reason)
        reason = reasonToKeep(use);
    if (!reason || (weight.getName() && !seen.insert(*weight.getName()).second))
      return;
    KeptReport &kept = byReason[reason];
    kept.reason = reason;
    kept.tensors.push_back(weightName(weight));
    kept.weights += weight.getType().getElementCount();
    if (weight.getType().isFloat())
      kept.bytes += weight.getType().getDataBytes();
  });
  std::vector<KeptReport> result;
  for (auto &[reason, kept] : byReason)
    result.push_back(std::move(kept));
  return result;
}

Result<QuantizeReport> Quantizer::run(const QuantizeProgress &progress) {
  if (policy.nonFinite != NonFinitePolicy::Error)
    module.walk([&](lb::WeightOp weight) {
      if (weight.getType().isFloat())
        weight->setAttr(lb::nonFiniteAttr, StringAttr::get(module.getContext(),
                                                           nonFinitePolicyWord(policy.nonFinite)));
    });
  Result<std::vector<Layer>> layers = findLayers(module);
  if (!layers.ok())
    return std::move(layers).status();
  Result<std::vector<Choice>> choices = chooseSchemes(*layers);
  if (!choices.ok())
    return std::move(choices).status();
  QuantizeReport report;
  report.quantize = policy.linear.text();
  for (const LayerRule &rule : policy.rules)
    report.layerRules.push_back(rule.pattern + "=" + rule.choice.text());
  report.nonFinite = nonFinitePolicyWord(policy.nonFinite);
  for (size_t i = 0; i < layers->size(); ++i) {
    Layer &layer = (*layers)[i];
    if (progress)
      progress(report.layers, layers->size(), layer.names.front());
    Result<LayerReport> done = quantizeLayer(layer, (*choices)[i]);
    if (!done.ok())
      return std::move(done).status().withContext("layer " + layer.names.front());
    report.layers.push_back(std::move(*done));
  }
  report.kept = keptWeights(module);
  return report;
}

Result<QuantizeReport> lobit::quantizeModule(ModuleOp module, TensorSource *source,
                                             const QuantizePolicy &policy,
                                             const QuantizeProgress &progress,
                                             const LayerInputs &inputs) {
  return Quantizer(module, source, policy, inputs).run(progress);
}
