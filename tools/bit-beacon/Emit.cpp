/// \file
/// emit: a beacon from a matrix of vectors.
#include "runtime/beacon/Projection.h"
#include "tools/bit-beacon/Verbs.h"
#include "tools/support/NpyNumbers.h"
#include "tools/support/Tool.h"

namespace lobit {
namespace {

struct EmitOptions {
  std::string input, output, delta = "1024", reference, sigma = "auto", scalar = "f32";
  IdOptions ids;
  KeyOptions key;
  OriginOptions origin;
  beacon::Judgement judgement;
  std::vector<std::string> thresholds;
  std::optional<double> t0, t1;
};

/// Rows of a .npy file; one row when it has one dimension.
Result<NpyNumbers> readRows(const std::string &path) {
  Result<std::string> bytes = readTextFile(path);
  if (!bytes.ok())
    return std::move(bytes).status();
  Result<NpyNumbers> rows =
      parseNpyNumbers({reinterpret_cast<const uint8_t *>(bytes->data()), bytes->size()});
  if (!rows.ok())
    return std::move(rows).status().withContext(path);
  if (rows->dims.size() == 1)
    rows->dims.insert(rows->dims.begin(), 1);
  if (rows->dims.size() != 2 || rows->dims[0] == 0 || rows->dims[1] == 0 ||
      rows->dims[1] > beacon::kMaxDim)
    return Status(StatusCode::MISMATCH,
                  path + ": expected [rows, columns] with at least one row and 1 to 2^24 columns");
  return rows;
}

Status run(const EmitOptions &options, const KeyArgument &argument) {
  Result<std::optional<beacon::Key>> loaded = options.key.load(argument, kBitBeacon);
  if (!loaded.ok())
    return std::move(loaded).status();
  const beacon::Key *key = *loaded ? &**loaded : nullptr;
  Result<std::optional<uint32_t>> delta = parseDelta(options.delta);
  if (!delta.ok())
    return std::move(delta).status();
  Result<beacon::SigmaChoice> sigma = beacon::SigmaChoice::parse(options.sigma);
  if (!sigma.ok())
    return std::move(sigma).status();
  beacon::Judgement judgement = options.judgement;
  Result<std::vector<beacon::Threshold>> thresholds = parseThresholds(options.thresholds);
  if (!thresholds.ok())
    return std::move(thresholds).status();
  judgement.thresholds = *thresholds;
  if (options.t0.has_value() != options.t1.has_value())
    return Status(StatusCode::INVALID_ARGUMENT, "--t0 and --t1 belong together");
  Result<std::optional<beacon::Origin>> origin = options.origin.make(key);
  if (!origin.ok())
    return std::move(origin).status();
  std::optional<beacon::Reference> reference;
  if (!options.reference.empty()) {
    Result<beacon::Reference> read = readReference(options.reference, key);
    if (!read.ok())
      return std::move(read).status();
    reference = std::move(read).value();
  }

  Result<NpyNumbers> matrix = readRows(options.input);
  if (!matrix.ok())
    return std::move(matrix).status();
  const uint64_t count = matrix->dims[0];
  uint32_t dim = uint32_t(matrix->dims[1]);
  std::vector<double> values = std::move(matrix->values);
  if (std::optional<beacon::Projection> projection =
          beacon::Projection::parse(options.ids.ids.pi)) {
    std::vector<double> projected(count * projection->outputs);
    for (uint64_t i = 0; i < count; ++i)
      projection->apply(values.data() + i * dim, dim, projected.data() + i * projection->outputs);
    values = std::move(projected);
    dim = projection->outputs;
  }
  Result<beacon::Summary> summary =
      beacon::summarize(beacon::Rows<double>(values.data(), count, dim), *sigma, !reference);
  if (!summary.ok())
    return std::move(summary).status().withContext(options.input);
  beacon::Content content;
  beacon::Results results;
  content.ids = options.ids.ids;
  content.scalar = options.scalar == "f64" ? beacon::Scalar::F64 : beacon::Scalar::F32;
  content.origin = *origin;
  if (options.t0)
    content.times = std::make_pair(*options.t0, *options.t1);
  if (Status status = beacon::describe(*summary, reference ? &*reference : nullptr, judgement,
                                       content, results);
      !status.ok())
    return status;
  content.deltaQ16 = *delta ? **delta : beacon::autoDelta(content.mu);
  return finishBeacon(options.output, content, results, key);
}

} // namespace

void addEmit(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand("emit", "Write a beacon from a matrix of vectors");
  auto o = std::make_shared<EmitOptions>();
  verb->add_option("input", o->input, "[rows, columns], a .npy file of numbers")->required();
  verb->add_option("output", o->output, "The beacon to write")->required();
  o->ids.add(*verb);
  verb->add_option("--delta_q16,--delta-q16", o->delta,
                   "Step of the 16-bit mean in 1/65536, or auto: the finest that fits")
      ->capture_default_str();
  verb->add_option("--sds_w_mu,--sds-w-mu", o->judgement.sdsWeights.first,
                   "SDS = this * norm_dmu + ...")
      ->capture_default_str();
  verb->add_option("--sds_w_trS,--sds-w-trS", o->judgement.sdsWeights.second, "... this * tr_Sigma")
      ->capture_default_str();
  verb->add_option("--ref", o->reference,
                   "A .bit or .npz to compare with (the first half of the rows)");
  verb->add_option("--threshold", o->thresholds,
                   "NAME=X: alarm and exit code 8 when SDS, norm_dmu or tr_Sigma is above, cos_mu "
                   "below X")
      ->allow_extra_args(false);
  verb->add_option("--sigma", o->sigma, "auto, none, diagonal, full or lowrank:R")
      ->capture_default_str();
  verb->add_option("--scalar", o->scalar, "Statistics as f32 or f64")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->capture_default_str();
  verb->add_option("--t0", o->t0, "UNIX time of the first row");
  verb->add_option("--t1", o->t1, "UNIX time of the last row");
  o->key.add(*verb, "", "Key");
  o->origin.add(*verb);
  verb->callback([&context, o] {
    context.run = [&context, o] { return report(run(*o, context.keyArgument)); };
  });
}

} // namespace lobit
