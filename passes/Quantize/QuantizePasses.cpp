#include "dialects/Lobit/LobitDialect.h"
#include "passes/Quantize/InlineStatistics.h"
#include "passes/Quantize/Passes.h"
#include "passes/Quantize/QuantizeModule.h"

namespace lobit {
#define GEN_PASS_DEF_LOBITQUANTIZETERNARY
#define GEN_PASS_DEF_LOBITQUANTIZEINT6PAIR24
#define GEN_PASS_DEF_LOBITQUANTIZEINT4
#define GEN_PASS_DEF_LOBITQUANTIZEINT8
#define GEN_PASS_DEF_LOBITSPARSIFYOBS
#include "passes/Quantize/Passes.h.inc"
} // namespace lobit

using namespace mlir;
using namespace lobit;

namespace {

// A policy that quantizes what `layers` matches, or all linear layers, and keeps the rest.
Result<QuantizePolicy> policyOf(const std::string &scheme, const std::string &layers,
                                const std::string &nonFinite, unsigned threads) {
  Result<QuantizePolicy> policy = layers.empty()
                                      ? parseQuantizePolicy(scheme, {})
                                      : parseQuantizePolicy("keep", {layers + "=" + scheme});
  if (!policy.ok())
    return policy;
  policy->embedAndHead.kind = SchemeChoice::Kind::Keep;
  policy->threads = threads;
  if (!parseNonFinitePolicy(nonFinite, policy->nonFinite))
    return Status(StatusCode::INVALID_ARGUMENT,
                  "expected nonfinite error, zero or clamp, found '" + nonFinite + "'");
  return policy;
}

LogicalResult run(ModuleOp module, Result<QuantizePolicy> policy) {
  if (!policy.ok())
    return module.emitError(policy.status().message());
  bool needsInputs = policy->linear.needsInputs();
  for (const LayerRule &rule : policy->rules)
    needsInputs |= rule.choice.needsInputs();
  LayerInputs inputs;
  InlineStatistics statistics;
  if (needsInputs) {
    Result<InlineStatistics> read = InlineStatistics::read(module);
    if (!read.ok())
      return module.emitError(read.status().message());
    statistics = std::move(read).value();
    inputs.statistics = &statistics;
  }
  Result<QuantizeReport> report = quantizeModule(module, nullptr, *policy, nullptr, inputs);
  if (!report.ok())
    return module.emitError(report.status().message());
  if (needsInputs)
    module.walk([](Operation *op) { op->removeAttr(InlineStatistics::attribute); });
  return success();
}

struct QuantizeTernaryPass : lobit::impl::LobitQuantizeTernaryBase<QuantizeTernaryPass> {
  using LobitQuantizeTernaryBase::LobitQuantizeTernaryBase;
  void runOnOperation() override {
    std::string scheme = "ternary:" + method;
    if (granularity == "group")
      scheme += ":group=" + std::to_string(groupSize);
    else if (!granularity.empty())
      scheme += ":" + granularity;
    scheme += ":" + scaleType;
    if (failed(run(getOperation(), policyOf(scheme, layers, nonFinite, threads))))
      signalPassFailure();
  }
};

struct QuantizeInt6Pair24Pass : lobit::impl::LobitQuantizeInt6Pair24Base<QuantizeInt6Pair24Pass> {
  using LobitQuantizeInt6Pair24Base::LobitQuantizeInt6Pair24Base;
  void runOnOperation() override {
    if (failed(run(getOperation(), policyOf("int6:" + method, layers, nonFinite, threads))))
      signalPassFailure();
  }
};

struct SparsifyObsPass : lobit::impl::LobitSparsifyObsBase<SparsifyObsPass> {
  using LobitSparsifyObsBase::LobitSparsifyObsBase;
  void runOnOperation() override {
    if (failed(run(getOperation(), policyOf("int6:obs", layers, nonFinite, threads))))
      signalPassFailure();
  }
};

struct QuantizeInt4Pass : lobit::impl::LobitQuantizeInt4Base<QuantizeInt4Pass> {
  using LobitQuantizeInt4Base::LobitQuantizeInt4Base;
  void runOnOperation() override {
    if (failed(run(getOperation(), policyOf("int4:" + scaleType, layers, nonFinite, threads))))
      signalPassFailure();
  }
};

struct QuantizeInt8Pass : lobit::impl::LobitQuantizeInt8Base<QuantizeInt8Pass> {
  using LobitQuantizeInt8Base::LobitQuantizeInt8Base;
  void runOnOperation() override {
    if (failed(run(getOperation(), policyOf("int8:" + scaleType, layers, nonFinite, threads))))
      signalPassFailure();
  }
};

} // namespace
