/// \file
/// merge: one beacon for the windows of several.
#include "runtime/beacon/Decode.h"
#include "tools/bit-beacon/Verbs.h"

#include <cmath>

namespace lobit {
namespace {

struct MergeOptions {
  std::vector<std::string> inputs;
  std::string output, reference, delta = "1024", space, model, pi;
  KeyOptions key;
  OriginOptions origin;
  beacon::Judgement judgement;
  std::vector<std::string> thresholds;
};

Status run(const MergeOptions &options, const KeyArgument &argument) {
  Result<std::optional<beacon::Key>> loaded = options.key.load(argument, kBitBeacon);
  if (!loaded.ok())
    return std::move(loaded).status();
  const beacon::Key *key = *loaded ? &**loaded : nullptr;
  Result<std::optional<uint32_t>> delta = parseDelta(options.delta);
  if (!delta.ok())
    return std::move(delta).status();
  Result<std::vector<beacon::Threshold>> thresholds = parseThresholds(options.thresholds);
  if (!thresholds.ok())
    return std::move(thresholds).status();

  const beacon::ContextIds ids = {options.space, options.model, options.pi};
  beacon::Content content;
  content.ids = ids;
  for (const std::string &path : options.inputs) {
    Result<std::unique_ptr<BeaconFile>> file = readBeacon(path, key);
    if (!file.ok())
      return std::move(file).status();
    const beacon::View &view = (*file)->view;
    if (key && !view.hmac)
      return Status(StatusCode::CHECK_FAILED, path + ": there is no HMAC_V1, a key is given");
    if (hexText(view.context(), 8) != hexText(beacon::contextHash(ids, view.dim).data(), 8))
      return Status(StatusCode::MISMATCH, path + ": its context is not that of the given ids");
    std::optional<beacon::Moments> moments = beacon::momentsOf(view);
    if (!moments)
      return Status(StatusCode::MISSING,
                    path + ": has no CALIB_STATS_V1, so its weight and Sigma are not known");
    const beacon::CalibHeader header = beacon::calibHeader(view);
    if (header.scalar == beacon::Scalar::F64)
      content.scalar = beacon::Scalar::F64;
    if (view.flags & beacon::kHasTimes) {
      if (!content.times)
        content.times = std::make_pair(header.t0, header.t1);
      content.times = std::make_pair(std::min(content.times->first, header.t0),
                                     std::max(content.times->second, header.t1));
    }
    if (content.calib) {
      Result<beacon::Moments> merged = beacon::merge(*content.calib, *moments);
      if (!merged.ok())
        return std::move(merged).status().withContext(path);
      moments = std::move(merged).value();
    }
    content.calib = std::move(moments);
  }
  Result<std::optional<beacon::Origin>> origin = options.origin.make(key);
  if (!origin.ok())
    return std::move(origin).status();
  content.origin = *origin;

  const beacon::Moments &moments = *content.calib;
  beacon::Results results;
  results.trSigma = moments.trace();
  results.thresholds = *thresholds;
  results.reference = "merge";
  if (!options.reference.empty()) {
    Result<beacon::Reference> reference = readReference(options.reference, key);
    if (!reference.ok())
      return std::move(reference).status();
    if (reference->mu.size() != moments.dim)
      return Status(StatusCode::MISMATCH,
                    options.reference + ": has " + std::to_string(reference->mu.size()) +
                        " dimensions, the windows " + std::to_string(moments.dim));
    const beacon::MeanShift shift = beacon::meanShift(reference->mu, moments.mu);
    results.normDmu = shift.norm;
    results.cosMu = shift.cosine;
    results.sdsWeights = options.judgement.sdsWeights;
    results.sds = beacon::sdsOf(options.judgement.sdsWeights, shift.norm, results.trSigma);
    results.reference = reference->name;
  }
  const bool complete =
      moments.kind == beacon::SigmaKind::Packed || moments.kind == beacon::SigmaKind::Full;
  if (!complete)
    results.sigma = beacon::sigmaWord(moments.kind);
  content.sigmaReduced = !complete;
  content.mu = moments.mu;
  content.deltaQ16 = *delta ? **delta : beacon::autoDelta(content.mu);
  content.driftAlert = results.alert() != nullptr;
  content.results = results.json();
  return finishBeacon(options.output, content, results, key);
}

} // namespace

void addMerge(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand("merge", "One beacon for the windows of several");
  auto o = std::make_shared<MergeOptions>();
  verb->add_option("output", o->output, "The beacon to write")->required();
  verb->add_option("inputs", o->inputs, "Two or more beacons of one context")
      ->required()
      ->expected(2, 1 << 20);
  verb->add_option("--space", o->space, "The space of all of them")->required();
  verb->add_option("--model", o->model, "The model of all of them")->required();
  verb->add_option("--pi", o->pi, "The projection of all of them")->required();
  verb->add_option("--delta_q16,--delta-q16", o->delta, "Step of the mean in 1/65536, or auto")
      ->capture_default_str();
  verb->add_option("--ref", o->reference, "A .bit or .npz to compare with (no comparison)");
  verb->add_option("--sds_w_mu,--sds-w-mu", o->judgement.sdsWeights.first, "Weight of norm_dmu")
      ->capture_default_str();
  verb->add_option("--sds_w_trS,--sds-w-trS", o->judgement.sdsWeights.second, "Weight of tr_Sigma")
      ->capture_default_str();
  verb->add_option("--threshold", o->thresholds, "NAME=X, see emit")->allow_extra_args(false);
  o->key.add(*verb, "", "Key");
  o->origin.add(*verb);
  verb->callback([&context, o] {
    context.run = [&context, o] { return report(run(*o, context.keyArgument)); };
  });
}

} // namespace lobit
