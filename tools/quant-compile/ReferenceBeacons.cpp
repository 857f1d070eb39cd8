#include "tools/quant-compile/ReferenceBeacons.h"
#include "lobit/runtime.hpp"
#include "runtime/beacon/Window.h"
#include "tools/support/Tool.h"

#include <algorithm>

namespace lobit {
namespace {

/// Tokens that are read from an empty context, also when the model's is longer.
constexpr uint64_t kWindowTokens = 512;

beacon::SigmaChoice sigmaFor(uint64_t dim) {
  return {dim <= beacon::kMaxFullDim ? beacon::SigmaChoice::Full : beacon::SigmaChoice::Diagonal,
          0};
}

/// Appends a beacon. No RESULTS_V1: a reference is compared with, it says nothing itself,
/// and its size depends on the dimension alone.
Status append(const std::string &tensor, const std::string &family, beacon::Moments moments,
              std::vector<uint8_t> &out) {
  beacon::Content content;
  content.ids = {tensor, family, "id"};
  content.mu = moments.mu;
  content.deltaQ16 = beacon::autoDelta(moments.mu);
  content.sigmaReduced = moments.kind == beacon::SigmaKind::Diagonal;
  content.calib = std::move(moments);
  Result<std::vector<uint8_t>> bytes = beacon::writeBeacon(content, nullptr);
  if (!bytes.ok())
    return std::move(bytes).status();
  out.insert(out.end(), bytes->begin(), bytes->end());
  return {};
}

Status appendEmpty(const std::string &tensor, const std::string &family, uint64_t dim,
                   std::vector<uint8_t> &out) {
  beacon::Moments moments;
  if (dim == 0 || dim > beacon::kMaxDim)
    return Status(StatusCode::UNSUPPORTED, "--calibration: expected a language model with 1 to "
                                           "2^24 " +
                                               tensor + ", found " + std::to_string(dim));
  moments.dim = uint32_t(dim);
  moments.weight = 1;
  moments.mu.assign(dim, 0.0);
  moments.kind = sigmaFor(dim).kind == beacon::SigmaChoice::Full ? beacon::SigmaKind::Packed
                                                                 : beacon::SigmaKind::Diagonal;
  moments.sigma.assign(beacon::sigmaCount(moments.kind, moments.dim), 0.0);
  return append(tensor, family, std::move(moments), out);
}

/// The rows of one tensor while the text is read.
struct Observed {
  beacon::Window window;
  Status status;

  Status create(uint64_t dim, uint64_t rows) {
    Result<beacon::Window> made =
        beacon::Window::create(uint32_t(dim), rows, beacon::Keep::First, sigmaFor(dim), {});
    if (!made.ok())
      return std::move(made).status();
    window = std::move(made).value();
    return {};
  }
  static void add(void *observed, uint64_t, const float *row) {
    auto *to = static_cast<Observed *>(observed);
    if (to->status.ok())
      to->status = to->window.add(row);
  }
  Status appendTo(const std::string &tensor, const std::string &family,
                  std::vector<uint8_t> &out) const {
    if (!status.ok())
      return status;
    Result<beacon::Summary> summary = window.summarize(false);
    if (!summary.ok())
      return std::move(summary).status();
    return append(tensor, family, std::move(summary->moments), out);
  }
};

Status asStatus(const rt::Error &error) {
  return Status(StatusCode(error.status()), error.message());
}

} // namespace

bool makesReferenceBeacons() { return true; }

Result<std::vector<uint8_t>> emptyReferenceBeacons(const Metadata &metadata, bool withHidden) {
  std::vector<uint8_t> beacons;
  Status status = appendEmpty("logits", metadata.family, metadata.vocab, beacons);
  if (status.ok() && withHidden)
    status = appendEmpty("hidden", metadata.family, metadata.hidden, beacons);
  if (!status.ok())
    return status;
  return beacons;
}

Result<std::vector<uint8_t>> makeReferenceBeacons(const std::string &artifactPath,
                                                  const std::string &textPath, uint64_t maxTokens,
                                                  unsigned threads, bool withHidden) {
  Result<std::string> text = readTextFile(textPath);
  if (!text.ok())
    return std::move(text).status();
  rt::Error error;
  auto load = rt::make<lobit_load_options>();
  load.verify = LOBIT_VERIFY_STRUCTURE;
  rt::Model model = rt::Model::open(artifactPath, error, &load);
  if (!model)
    return asStatus(error);
  rt::Code code = rt::Code::bind(model, error);
  if (!code)
    return asStatus(error);
  rt::Session session = rt::Session::create(code, threads, error);
  if (!session)
    return asStatus(error);
  std::vector<uint32_t> tokens = model.tokenize(*text, 0, error);
  if (error)
    return asStatus(error).withContext(textPath);
  tokens.resize(std::min<uint64_t>(tokens.size(), maxTokens));
  std::vector<uint32_t> begin = model.tokenize("", LOBIT_TEXT_AUTO_BOS, error);
  const lobit_model_info info = model.info();
  const uint64_t room = std::min<uint64_t>(info.max_context, kWindowTokens);
  if (tokens.empty() || room <= begin.size())
    return Status(StatusCode::INVALID_ARGUMENT,
                  textPath + ": there is no token to read, or no room for it");

  Observed logits, hidden;
  Status status = logits.create(info.vocab, tokens.size() * 2);
  if (status.ok() && withHidden)
    status = hidden.create(info.hidden, tokens.size() * 2);
  if (!status.ok())
    return status;
  error.set(lobit_session_set_observer(session.get(), Observed::add, &logits, error.get()));
  if (!error && withHidden)
    error.set(
        lobit_session_set_hidden_observer(session.get(), Observed::add, &hidden, error.get()));
  const uint64_t step = room - begin.size();
  for (uint64_t at = 0; at < tokens.size() && !error; at += step) {
    std::vector<uint32_t> part = begin;
    part.insert(part.end(), tokens.begin() + long(at),
                tokens.begin() + long(std::min<uint64_t>(at + step, tokens.size())));
    if (session.rewind(0, error))
      session.eval(part, error);
  }
  if (error)
    return asStatus(error);
  std::vector<uint8_t> beacons;
  status = logits.appendTo("logits", info.family, beacons);
  if (status.ok() && withHidden)
    status = hidden.appendTo("hidden", info.family, beacons);
  if (!status.ok())
    return status;
  return beacons;
}

} // namespace lobit
