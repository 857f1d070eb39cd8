#include "tools/quant-compile/ReferenceBeacon.h"
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

/// No RESULTS_V1: a reference is compared with, it says nothing itself, and its size
/// depends on the vocabulary alone.
Result<std::vector<uint8_t>> write(const std::string &family, beacon::Moments moments) {
  beacon::Content content;
  content.ids = {"logits", family, "id"};
  content.mu = moments.mu;
  content.deltaQ16 = beacon::autoDelta(moments.mu);
  content.sigmaReduced = moments.kind == beacon::SigmaKind::Diagonal;
  content.calib = std::move(moments);
  return beacon::writeBeacon(content, nullptr);
}

Status asStatus(const rt::Error &error) {
  return Status(StatusCode(error.status()), error.message());
}

} // namespace

Result<std::vector<uint8_t>> emptyReferenceBeacon(const Metadata &metadata) {
  beacon::Moments moments;
  if (metadata.vocab == 0 || metadata.vocab > beacon::kMaxDim)
    return Status(StatusCode::UNSUPPORTED,
                  "--calibration: expected a language model, found one without a vocabulary");
  moments.dim = uint32_t(metadata.vocab);
  moments.weight = 1;
  moments.mu.assign(moments.dim, 0.0);
  moments.kind = sigmaFor(moments.dim).kind == beacon::SigmaChoice::Full
                     ? beacon::SigmaKind::Packed
                     : beacon::SigmaKind::Diagonal;
  moments.sigma.assign(beacon::sigmaCount(moments.kind, moments.dim), 0.0);
  return write(metadata.family, std::move(moments));
}

Result<std::vector<uint8_t>> makeReferenceBeacon(const std::string &artifactPath,
                                                 const std::string &textPath, uint64_t maxTokens,
                                                 unsigned threads) {
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

  Result<beacon::Window> window = beacon::Window::create(
      uint32_t(info.vocab), tokens.size() * 2, beacon::Keep::First, sigmaFor(info.vocab), {});
  if (!window.ok())
    return std::move(window).status();
  struct Observed {
    beacon::Window &window;
    Status status;
  } observed = {*window, {}};
  error.set(lobit_session_set_observer(
      session.get(),
      [](void *user, uint64_t, const float *logits) {
        Observed &to = *static_cast<Observed *>(user);
        if (to.status.ok())
          to.status = to.window.add(logits);
      },
      &observed, error.get()));
  const uint64_t step = room - begin.size();
  for (uint64_t at = 0; at < tokens.size() && !error && observed.status.ok(); at += step) {
    std::vector<uint32_t> part = begin;
    part.insert(part.end(), tokens.begin() + long(at),
                tokens.begin() + long(std::min<uint64_t>(at + step, tokens.size())));
    if (session.rewind(0, error))
      session.eval(part, error);
  }
  if (error)
    return asStatus(error);
  if (!observed.status.ok())
    return observed.status;
  Result<beacon::Summary> summary = window->summarize(false);
  if (!summary.ok())
    return std::move(summary).status();
  return write(info.family, std::move(summary->moments));
}

} // namespace lobit
