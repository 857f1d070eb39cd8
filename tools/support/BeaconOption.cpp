#include "tools/support/BeaconOption.h"
#include "runtime/beacon/Decode.h"
#include "runtime/beacon/Recorder.h"
#include "runtime/beacon/References.h"
#include "tools/support/BeaconFiles.h"
#include "tools/support/BeaconKeys.h"

#include <chrono>
#include <cstring>

namespace lobit {

static const char *const kGroup = "Beacon";

struct BeaconOption::Impl {
  Impl(int argc, char **argv, const char *tool)
      : tool(tool), argument(argc, argv, {"--beacon-hmac-key-hex"}) {}

  lobit::Result<beacon::Reference> readReference(const rt::Model &model, const std::string &name,
                                                 uint32_t dim) const;
  lobit::Result<std::optional<beacon::Origin>> makeOrigin() const;
  Status fill(const rt::Model &model, const std::string &name, beacon::RecorderOptions &out) const;

  const char *tool;
  KeyArgument argument;
  std::string output, window = "last", tensor, delta = "1024", reference, sigma = "auto";
  std::string space, model, pi = "id", previous;
  uint64_t maxRows = 128;
  double sdsWeightMu = 1.0, sdsWeightSigma = 0.5;
  std::vector<std::string> thresholds;
  std::optional<uint64_t> sequence, issued;
  KeyOptions keyOptions;

  std::optional<beacon::Key> key;
  beacon::Recorder recorder;
  beacon::Results results;
  uint64_t bytes = 0;
  double seconds = 0;
};

BeaconOption::BeaconOption(int argc, char **argv, const char *tool)
    : impl_(std::make_unique<Impl>(argc, argv, tool)) {}
BeaconOption::~BeaconOption() = default;

bool BeaconOption::isGiven() const { return !impl_->output.empty(); }
const std::string &BeaconOption::tensor() const { return impl_->tensor; }

void BeaconOption::add(CLI::App &app) {
  Impl &o = *impl_;
  app.add_option("--beacon-out", o.output, "Write a beacon of what the model says")->group(kGroup);
  app.add_option("--beacon-max", o.maxRows, "Rows of its window")
      ->group(kGroup)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--beacon-window", o.window, "The last or the first rows")
      ->group(kGroup)
      ->check(CLI::IsMember({"last", "first"}))
      ->capture_default_str();
  app.add_option("--beacon-tensor", o.tensor,
                 "logits (the default) or hidden, what the head multiplies to get them; of a "
                 "function: the name of an output")
      ->group(kGroup);
  app.add_option("--beacon-delta-q16", o.delta, "Step of the 16-bit mean in 1/65536, or auto")
      ->group(kGroup)
      ->capture_default_str();
  app.add_option("--beacon-sds-w-mu", o.sdsWeightMu, "SDS = this * norm_dmu + ...")
      ->group(kGroup)
      ->capture_default_str();
  app.add_option("--beacon-sds-w-trS", o.sdsWeightSigma, "... this * tr_Sigma")
      ->group(kGroup)
      ->capture_default_str();
  app.add_option("--beacon-ref", o.reference,
                 "Compare with a .bit file, or with builtin: the calibration in the artifact")
      ->group(kGroup);
  app.add_option("--beacon-threshold", o.thresholds,
                 "NAME=X: alarm and exit code 8 when SDS, norm_dmu or tr_Sigma is above, cos_mu "
                 "below X")
      ->allow_extra_args(false)
      ->group(kGroup);
  app.add_option("--beacon-sigma", o.sigma, "auto, none, diagonal, full or lowrank:R")
      ->group(kGroup)
      ->capture_default_str();
  app.add_option("--beacon-space", o.space, "Space id (the tensor)")->group(kGroup);
  app.add_option("--beacon-model", o.model, "Model id (the family in the artifact)")->group(kGroup);
  app.add_option("--beacon-pi", o.pi, "Projection id; rp:<seed>:<k> projects to k numbers")
      ->group(kGroup)
      ->capture_default_str();
  app.add_option("--beacon-sequence", o.sequence, "Number in its chain (previous + 1)")
      ->group(kGroup);
  app.add_option("--beacon-issued", o.issued, "Its time in UNIX seconds")->group(kGroup);
  app.add_option("--beacon-previous", o.previous, "The beacon before it in the chain")
      ->group(kGroup);
  o.keyOptions.add(app, "beacon-", kGroup);
}

Status BeaconOption::check(const CLI::App &app) const {
  if (isGiven())
    return {};
  for (const CLI::Option *option : app.get_options())
    if (option->get_group() == kGroup && option->count() != 0)
      return Status(StatusCode::INVALID_ARGUMENT,
                    option->get_name() + " needs --beacon-out, the file to write");
  return {};
}

lobit::Result<beacon::Reference> BeaconOption::Impl::readReference(const rt::Model &from,
                                                                   const std::string &name,
                                                                   uint32_t dim) const {
  if (reference != "builtin") {
    lobit::Result<std::unique_ptr<BeaconFile>> file = readBeacon(reference, key ? &*key : nullptr);
    if (!file.ok())
      return std::move(file).status();
    return beacon::Reference{beacon::muOf((*file)->view),
                             hexText((*file)->view.context(), beacon::kContextBytes)};
  }
  const void *stored = nullptr;
  size_t size = 0;
  if (lobit_model_get_calibration(from.get(), &stored, &size) != LOBIT_STATUS_OK)
    return Status(StatusCode::MISSING, "--beacon-ref: the artifact has no calibration; compile it "
                                       "with quant-compile --calibration TEXT");
  lobit::Result<beacon::References> all =
      beacon::References::read({static_cast<const uint8_t *>(stored), size});
  if (!all.ok())
    return std::move(all).status().withContext("the calibration in the artifact");
  const beacon::Reference *found = all->find({name, from.info().family, "id"}, dim);
  if (!found)
    return Status(StatusCode::MISSING, "--beacon-ref: the calibration in the artifact holds no " +
                                           name + "; compile the model again with --calibration");
  return beacon::Reference{found->mu, "builtin"};
}

lobit::Result<std::optional<beacon::Origin>> BeaconOption::Impl::makeOrigin() const {
  if (!sequence && !issued && previous.empty())
    return std::optional<beacon::Origin>();
  beacon::Origin origin;
  if (key)
    origin.keyId = key->id();
  origin.issued = issued.value_or(0);
  origin.sequence = sequence.value_or(0);
  if (!previous.empty()) {
    lobit::Result<std::unique_ptr<BeaconFile>> file = readBeacon(previous, key ? &*key : nullptr);
    if (!file.ok())
      return std::move(file).status();
    origin.previous = beacon::chainDigest((*file)->view);
    const std::optional<beacon::Origin> before = beacon::originOf((*file)->view);
    if (!sequence)
      origin.sequence = before ? before->sequence + 1 : 1;
  }
  return std::optional<beacon::Origin>(origin);
}

Status BeaconOption::Impl::fill(const rt::Model &from, const std::string &name,
                                beacon::RecorderOptions &out) const {
  const lobit_model_info info = from.info();
  out.maxRows = maxRows;
  out.keep = window == "first" ? beacon::Keep::First : beacon::Keep::Last;
  lobit::Result<beacon::SigmaChoice> choice = beacon::SigmaChoice::parse(sigma);
  if (!choice.ok())
    return std::move(choice).status();
  out.sigma = *choice;
  out.ids = {space.empty() ? name : space, model.empty() ? info.family : model, pi};
  lobit::Result<std::optional<uint32_t>> step = parseDelta(delta);
  if (!step.ok())
    return std::move(step).status();
  out.deltaQ16 = *step;
  out.judgement.sdsWeights = {sdsWeightMu, sdsWeightSigma};
  lobit::Result<std::vector<beacon::Threshold>> limits = parseThresholds(thresholds);
  if (!limits.ok())
    return std::move(limits).status();
  out.judgement.thresholds = std::move(limits).value();
  if (!reference.empty()) {
    lobit::Result<beacon::Reference> read = readReference(from, name, out.dim);
    if (!read.ok())
      return std::move(read).status();
    out.reference = std::move(read).value();
  }
  beacon::Content::ArtifactName artifact;
  memcpy(artifact.root.data(), info.root_digest, artifact.root.size());
  artifact.tensor = name;
  out.artifact = artifact;
  lobit::Result<std::optional<beacon::Origin>> origin = makeOrigin();
  if (!origin.ok())
    return std::move(origin).status();
  out.origin = *origin;
  return {};
}

Status BeaconOption::start(const rt::Model &model, const std::string &name, uint64_t dim) {
  if (dim > beacon::kMaxDim)
    return Status(StatusCode::RESOURCE_LIMIT,
                  "a beacon has at most 2^24 dimensions, " + name + " has " + std::to_string(dim));
  lobit::Result<std::optional<beacon::Key>> key =
      impl_->keyOptions.load(impl_->argument, impl_->tool);
  if (!key.ok())
    return std::move(key).status();
  impl_->key = std::move(key).value();
  beacon::RecorderOptions options;
  options.dim = uint32_t(dim);
  if (Status status = impl_->fill(model, name, options); !status.ok())
    return status;
  lobit::Result<beacon::Recorder> recorder = beacon::Recorder::create(std::move(options));
  if (!recorder.ok())
    return std::move(recorder).status();
  impl_->recorder = std::move(recorder).value();
  return {};
}

Status BeaconOption::observe(const rt::Model &model, rt::Session &session) {
  const std::string name = tensor().empty() ? "logits" : tensor();
  const bool hidden = name == "hidden";
  if (!hidden && name != "logits")
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--beacon-tensor: a language model gives logits or hidden, not '" + name + "'");
  rt::Error error;
  const auto record = [](void *user, uint64_t, const float *row) {
    static_cast<Impl *>(user)->recorder.add(row);
  };
  const auto set = hidden ? lobit_session_set_hidden_observer : lobit_session_set_observer;
  error.set(set(session.get(), record, impl_.get(), error.get()));
  if (error)
    return Status(StatusCode(error.status()), "--beacon-tensor: " + std::string(error.message()));
  return start(model, name, hidden ? model.info().hidden : model.info().vocab);
}

void BeaconOption::record(const float *row) { impl_->recorder.add(row); }

Status BeaconOption::write() {
  const auto begin = std::chrono::steady_clock::now();
  lobit::Result<beacon::Recorder::Finished> finished =
      impl_->recorder.finish(impl_->key ? &*impl_->key : nullptr);
  if (!finished.ok())
    return std::move(finished).status();
  impl_->results = finished->results;
  impl_->bytes = finished->bytes.size();
  Status status = writeBeaconFile(impl_->output, finished->bytes);
  impl_->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return status;
}

Status BeaconOption::drift() const { return driftStatus(impl_->results); }

BeaconOption::Result BeaconOption::result() const {
  const beacon::Results &r = impl_->results;
  return {impl_->output,
          impl_->bytes,
          impl_->recorder.rows(),
          impl_->key.has_value(),
          r.alert() != nullptr,
          r.sds,
          r.normDmu,
          r.cosMu,
          r.trSigma,
          impl_->seconds};
}

std::string BeaconOption::line() const {
  return impl_->output + ": " + std::to_string(impl_->recorder.rows()) + " rows, " +
         std::to_string(impl_->bytes) + " bytes, " +
         (impl_->key ? "authenticated" : "unauthenticated") + ", " + resultsLine(impl_->results);
}

} // namespace lobit
