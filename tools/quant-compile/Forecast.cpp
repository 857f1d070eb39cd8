#include "tools/quant-compile/Forecast.h"
#include "dialects/Lobit/LobitOps.h"
#include "passes/Emit/StoreWeights.h"
#include "passes/Pipelines/Pipelines.h"
#include "tools/quant-compile/Describe.h"

#include "mlir/IR/OperationSupport.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace lobit {
namespace {

/// The policy with what `auto` usually means; none when it depends on each layer.
std::optional<QuantizePolicy> forecastPolicy(QuantizePolicy policy) {
  auto decide = [&](SchemeChoice &choice) {
    if (choice.kind == SchemeChoice::Kind::Auto)
      choice.kind = SchemeChoice::Kind::Int8;
    return !choice.needsInputs();
  };
  const bool hasAuto = policy.linear.kind == SchemeChoice::Kind::Auto ||
                       policy.embedAndHead.kind == SchemeChoice::Kind::Auto;
  if (hasAuto && policy.trainedTernary)
    return std::nullopt;
  bool known = decide(policy.linear) && decide(policy.embedAndHead);
  for (LayerRule &rule : policy.rules)
    known &= decide(rule.choice);
  return known ? std::optional(std::move(policy)) : std::nullopt;
}

bool hasInlineWeights(ModuleOp module) {
  return module
      .walk([](lb::WeightOp weight) {
        return weight.getName() ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

} // namespace

std::unique_ptr<Forecast> Forecast::create(ModuleOp imported, const QuantizePolicy &policy,
                                           const Options &options) {
  const std::optional<QuantizePolicy> foreseen = forecastPolicy(policy);
  if (!foreseen || hasInlineWeights(imported))
    return nullptr;
  std::unique_ptr<Forecast> forecast(new Forecast());
  forecast->module_ = imported.clone();
  // What goes wrong here goes wrong again, and is told, when it is meant.
  ScopedDiagnosticHandler silent(imported.getContext(), [](Diagnostic &) { return success(); });
  Result<QuantizeReport> report = quantizeModule(*forecast->module_, nullptr, *foreseen);
  if (!report.ok())
    return nullptr;
  forecast->report_ = std::move(report).value();
  PassManager manager(imported.getContext(), ModuleOp::getOperationName());
  addPackPasses(manager, options.kernel);
  addPlanPasses(manager);
  if (failed(manager.run(*forecast->module_)))
    return nullptr;
  CodeOptions code;
  code.processes = options.processes;
  forecast->generation_ = std::make_unique<CodeGeneration>(*forecast->module_, options.isas, code);
  return forecast;
}

QuantizeReport Forecast::reportWith(const std::vector<LayerReport> &done) const {
  QuantizeReport report = report_;
  size_t next = 0;
  for (size_t i = 0; i < report.layers.size(); ++i) {
    LayerReport &layer = report.layers[i];
    if (i < done.size()) {
      layer = done[i];
      continue;
    }
    for (size_t tried = 0; tried < done.size(); ++tried) {
      const LayerReport &other = done[next++ % done.size()];
      if (other.scheme != layer.scheme || !other.error)
        continue;
      layer.error = other.error;
      layer.reason = other.reason;
      break;
    }
  }
  return report;
}

void Forecast::makeCode() {
  if (!codes_)
    codes_ = generation_->finish();
}

void Forecast::advance(const std::vector<LayerReport> &done, const std::vector<uint8_t> &tokenizer,
                       AtomicFile &file, KeptWeights &kept) {
  if (kept.isWriting() || done.empty() || !generation_->advance())
    return;
  makeCode();
  if (!codes_->ok())
    return;
  Result<ArtifactContent> content =
      describeArtifact(*module_, **codes_, reportWith(done), tokenizer);
  if (!content.ok())
    return;
  const Result<uint64_t> start = weightsStart(*content);
  if (start.ok())
    kept.writeTo(file, *start, placesOf(planWeights(*module_).weights));
}

std::optional<Result<std::vector<TargetCode>>> Forecast::codeFor(ModuleOp planned) {
  if (!OperationEquivalence::isEquivalentTo(module_->getOperation(), planned.getOperation(),
                                            OperationEquivalence::IgnoreLocations))
    return std::nullopt;
  makeCode();
  return std::move(codes_);
}

} // namespace lobit
