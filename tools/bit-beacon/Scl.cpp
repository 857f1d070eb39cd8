/// \file
/// export-scl and import-scl: beacons and NumPy.
#include "runtime/beacon/Decode.h"
#include "tools/bit-beacon/Npz.h"
#include "tools/bit-beacon/Verbs.h"

#include <cmath>

namespace lobit {
namespace {

/// Of Sigma [dim, dim] in f64: 512 MiB.
constexpr uint32_t kMaxExportDim = 8192;

/// Sigma in full. A low-rank part fills what a diagonal leaves open.
std::vector<double> expandSigma(const beacon::Moments &moments,
                                const std::optional<beacon::LowRank> &lowRank) {
  const uint64_t dim = moments.dim;
  std::vector<double> sigma(dim * dim, 0.0);
  if (moments.kind == beacon::SigmaKind::Full)
    return moments.sigma;
  if (moments.kind == beacon::SigmaKind::Packed) {
    for (uint64_t i = 0; i < dim; ++i)
      for (uint64_t j = 0; j <= i; ++j)
        sigma[i * dim + j] = sigma[j * dim + i] = moments.sigma[i * (i + 1) / 2 + j];
    return sigma;
  }
  for (uint32_t k = 0; lowRank && k < lowRank->rank(); ++k) {
    const double *u = &lowRank->eigenvectors[k * dim];
    for (uint64_t i = 0; i < dim; ++i)
      for (uint64_t j = 0; j < i; ++j)
        sigma[j * dim + i] = sigma[i * dim + j] += lowRank->eigenvalues[k] * u[i] * u[j];
  }
  for (uint32_t i = 0; i < dim && moments.kind != beacon::SigmaKind::None; ++i)
    sigma[i * dim + i] = moments.diagonal(i);
  return sigma;
}

struct ExportOptions {
  std::string input, output;
  KeyOptions key;
};

Status runExport(const ExportOptions &options, const KeyArgument &argument) {
  Result<std::optional<beacon::Key>> key = options.key.load(argument, kBitBeacon);
  if (!key.ok())
    return std::move(key).status();
  Result<std::unique_ptr<BeaconFile>> file = readBeacon(options.input, *key ? &**key : nullptr);
  if (!file.ok())
    return std::move(file).status();
  const beacon::View &view = (*file)->view;
  if (*key && !view.hmac)
    return Status(StatusCode::CHECK_FAILED,
                  options.input + ": there is no HMAC_V1, a key is given");
  if (view.dim > kMaxExportDim)
    return Status(StatusCode::RESOURCE_LIMIT, options.input + ": a full Sigma of " +
                                                  std::to_string(view.dim) +
                                                  " dimensions is too large, the limit is 8192");
  SclGaussian scl;
  scl.mu = beacon::muOf(view);
  scl.sigma.assign(uint64_t(view.dim) * view.dim, 0.0);
  const std::optional<beacon::Moments> moments = beacon::momentsOf(view);
  if (moments) {
    const beacon::CalibHeader header = beacon::calibHeader(view);
    const std::optional<beacon::LowRank> lowRank = beacon::lowRankOf(view);
    scl.sigma = expandSigma(*moments, lowRank);
    scl.weight = header.weight;
    scl.t0 = header.t0;
    scl.t1 = header.t1;
    if (view.flags & beacon::kSigmaReduced)
      fprintf(stderr, "%s: note: Sigma is %s%s; what it does not hold is written as 0\n",
              kBitBeacon, beacon::sigmaWord(moments->kind), lowRank ? " with a low-rank part" : "");
  } else {
    fprintf(stderr,
            "%s: note: no CALIB_STATS_V1: mu is that of the payload, Sigma is not known; "
            "it is written as 0 with W = 0\n",
            kBitBeacon);
  }
  return writeScl(options.output, scl);
}

struct ImportOptions {
  std::string input, output, delta = "1024";
  IdOptions ids;
  KeyOptions key;
};

/// Packed when exactly symmetric, else full: no bit is lost.
Status takeSigma(const SclGaussian &scl, beacon::Moments &moments) {
  const uint64_t dim = scl.mu.size();
  double largest = 0;
  for (double entry : scl.sigma)
    largest = std::max(largest, std::fabs(entry));
  bool symmetric = true;
  for (uint64_t i = 0; i < dim; ++i) {
    if (scl.sigma[i * dim + i] < -1e-12 * largest)
      return Status(StatusCode::INVALID_ARGUMENT,
                    "Sigma[" + std::to_string(i) + ", " + std::to_string(i) + "] is negative");
    for (uint64_t j = 0; j < i; ++j) {
      const double a = scl.sigma[i * dim + j], b = scl.sigma[j * dim + i];
      symmetric &= a == b;
      if (std::fabs(a - b) > 1e-6 * largest)
        return Status(StatusCode::INVALID_ARGUMENT, "Sigma is not symmetric at [" +
                                                        std::to_string(i) + ", " +
                                                        std::to_string(j) + "]");
    }
  }
  moments.kind = symmetric ? beacon::SigmaKind::Packed : beacon::SigmaKind::Full;
  if (!symmetric) {
    moments.sigma = scl.sigma;
  } else {
    for (uint64_t i = 0; i < dim; ++i)
      for (uint64_t j = 0; j <= i; ++j)
        moments.sigma.push_back(scl.sigma[i * dim + j]);
  }
  // Rounding may leave a variance a hair below zero.
  for (uint64_t i = 0; i < dim; ++i) {
    double &entry = moments.sigma[symmetric ? i * (i + 3) / 2 : i * (dim + 1)];
    entry = entry < 0 ? 0 : entry;
  }
  return {};
}

Status runImport(const ImportOptions &options, const KeyArgument &argument) {
  Result<std::optional<beacon::Key>> key = options.key.load(argument, kBitBeacon);
  if (!key.ok())
    return std::move(key).status();
  Result<std::optional<uint32_t>> delta = parseDelta(options.delta);
  if (!delta.ok())
    return std::move(delta).status();
  Result<SclGaussian> scl = readScl(options.input);
  if (!scl.ok())
    return std::move(scl).status();
  if (scl->mu.size() > kMaxExportDim)
    return Status(StatusCode::RESOURCE_LIMIT, options.input + ": has more than 8192 dimensions");
  if (!(scl->weight > 0))
    return Status(StatusCode::INVALID_ARGUMENT,
                  options.input + ": W is not above 0, so Sigma is not known; there is nothing to "
                                  "calibrate with");
  beacon::Content content;
  content.ids = options.ids.ids;
  content.scalar = beacon::Scalar::F64;
  beacon::Moments moments;
  moments.dim = uint32_t(scl->mu.size());
  moments.weight = scl->weight;
  moments.mu = scl->mu;
  if (Status status = takeSigma(*scl, moments); !status.ok())
    return std::move(status).withContext(options.input);
  if (scl->t0 != 0 || scl->t1 != 0)
    content.times = std::make_pair(scl->t0, scl->t1);
  content.mu = scl->mu;
  beacon::Results results;
  results.trSigma = moments.trace();
  content.calib = std::move(moments);
  content.results = results.json();
  content.deltaQ16 = *delta ? **delta : beacon::autoDelta(content.mu);
  return finishBeacon(options.output, content, results, *key ? &**key : nullptr);
}

} // namespace

void addExportScl(CLI::App &app, VerbContext &context) {
  CLI::App *verb =
      app.add_subcommand("export-scl", "Mean and covariance as .npz: mu, Sigma, W, t0, t1");
  auto o = std::make_shared<ExportOptions>();
  verb->add_option("input", o->input, "One beacon")->required();
  verb->add_option("output", o->output, "The .npz to write")->required();
  o->key.add(*verb, "", "Key");
  verb->callback([&context, o] {
    context.run = [&context, o] { return report(runExport(*o, context.keyArgument)); };
  });
}

void addImportScl(CLI::App &app, VerbContext &context) {
  CLI::App *verb =
      app.add_subcommand("import-scl", "A beacon from a .npz with mu, Sigma, W, t0, t1");
  auto o = std::make_shared<ImportOptions>();
  verb->add_option("input", o->input, "The .npz; Python objects in it are never read")->required();
  verb->add_option("output", o->output, "The beacon to write")->required();
  o->ids.add(*verb);
  verb->add_option("--delta_q16,--delta-q16", o->delta, "Step of the mean in 1/65536, or auto")
      ->capture_default_str();
  o->key.add(*verb, "", "Key");
  verb->callback([&context, o] {
    context.run = [&context, o] { return report(runImport(*o, context.keyArgument)); };
  });
}

} // namespace lobit
