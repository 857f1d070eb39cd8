/// \file
/// quant-eval: perplexity and bits per byte of a text; agreement with other logits.
#include "tools/quant-eval/Windows.h"
#include "tools/support/BeaconOption.h"
#include "tools/support/Metrics.h"
#include "tools/support/Npy.h"
#include "tools/support/Tool.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>
#include <unistd.h>

using namespace lobit;

static const char *const kTool = "quant-eval";

namespace {

struct EvalOptions {
  std::string model, text, against, isa;
  uint32_t threads = 0;
  uint64_t context = 0;
  bool json = false;
};

Status statusOf(const rt::Error &error) {
  return Status(StatusCode(error.status()), error.message());
}

/// A model with a session.
struct Runner {
  rt::Model model;
  rt::Code code;
  rt::Session session;

  static Result<Runner> open(const std::string &path, const EvalOptions &options) {
    Runner runner;
    rt::Error error;
    runner.model = rt::Model::open(path, error);
    if (!runner.model)
      return statusOf(error);
    if (runner.model.info().kind != LOBIT_KIND_LANGUAGE_MODEL)
      return Status(StatusCode::UNSUPPORTED,
                    path + ": is a function, perplexity needs a language model");
    auto bind = rt::make<lobit_code_options>();
    bind.isa = options.isa.empty() ? nullptr : options.isa.c_str();
    runner.code = rt::Code::bind(runner.model, error, &bind);
    if (!runner.code)
      return statusOf(error);
    runner.session = rt::Session::create(runner.code, options.threads, error);
    if (!runner.session)
      return statusOf(error);
    return runner;
  }
};

/// Logits to compare with, row after row in the order of evaluation.
class Reference {
public:
  static Result<Reference> open(const EvalOptions &options, const lobit_model_info &info,
                                uint64_t positions) {
    Reference reference;
    const std::string &path = options.against;
    if (path.size() > 4 && path.substr(path.size() - 4) == ".npy") {
      Result<NpyReader> npy = NpyReader::open(path);
      if (!npy.ok())
        return std::move(npy).status();
      const NpyHeader &header = npy->header();
      if (header.type != DataType::F32 ||
          header.dims != std::vector<uint64_t>{positions, info.vocab})
        return Status(StatusCode::MISMATCH,
                      path + ": expected f32 logits [" + std::to_string(positions) + ", " +
                          std::to_string(info.vocab) + "], one row for each evaluated position");
      reference.npy_ = std::make_unique<NpyReader>(std::move(npy).value());
      return reference;
    }
    Result<Runner> runner = Runner::open(path, options);
    if (!runner.ok())
      return std::move(runner).status();
    if (runner->model.info().vocab != info.vocab)
      return Status(StatusCode::MISMATCH, path + ": has " +
                                              std::to_string(runner->model.info().vocab) +
                                              " tokens, the model " + std::to_string(info.vocab));
    reference.runner_ = std::make_unique<Runner>(std::move(runner).value());
    return reference;
  }

  Status rows(const std::vector<uint32_t> &tokens, uint64_t vocab, bool windowStart, float *out) {
    if (npy_)
      return npy_->read(out, tokens.size() * vocab);
    rt::Error error;
    if (windowStart && !runner_->session.rewind(0, error))
      return statusOf(error);
    return runner_->session.eval(tokens, error, out) ? Status() : statusOf(error);
  }
  uint64_t maxContext() const { return runner_ ? runner_->model.info().max_context : UINT64_MAX; }

private:
  std::unique_ptr<NpyReader> npy_;
  std::unique_ptr<Runner> runner_;
};

struct Scores {
  Mean loss; ///< nats per token
  Mean agreement, divergence;
  uint64_t bytes = 0; ///< of the scored tokens' text
};

Status evaluate(Runner &runner, Reference *reference, const std::vector<uint32_t> &tokens,
                const std::vector<Window> &windows, std::optional<uint32_t> bos, Scores &scores) {
  const lobit_model_info info = runner.model.info();
  std::vector<float> logits(info.rows_per_call * info.vocab);
  std::vector<float> other(reference ? logits.size() : 0);
  const bool progress = isatty(STDERR_FILENO);
  for (const Window &window : windows) {
    rt::Error error;
    if (!runner.session.rewind(0, error))
      return statusOf(error);
    // Row i of the window's sequence predicts the token after it.
    std::vector<uint32_t> sequence;
    if (bos)
      sequence.push_back(*bos);
    sequence.insert(sequence.end(), tokens.begin() + long(window.begin),
                    tokens.begin() + long(window.end));
    for (size_t begin = 0; begin < sequence.size(); begin += info.rows_per_call) {
      size_t end = std::min<size_t>(begin + info.rows_per_call, sequence.size());
      std::vector<uint32_t> part(sequence.begin() + long(begin), sequence.begin() + long(end));
      if (!runner.session.eval(part, error, logits.data()))
        return statusOf(error);
      if (reference)
        if (Status status = reference->rows(part, info.vocab, begin == 0, other.data());
            !status.ok())
          return status;
      for (size_t i = begin; i < end && i + 1 < sequence.size(); ++i) {
        size_t predicted = window.begin + i + (bos ? 0 : 1);
        if (predicted < window.scored)
          continue;
        const float *row = logits.data() + (i - begin) * info.vocab;
        scores.loss.add(negativeLogLikelihood(row, info.vocab, tokens[predicted]));
        scores.bytes += runner.model.tokenBytes(tokens[predicted]).size();
        if (reference) {
          const float *otherRow = other.data() + (i - begin) * info.vocab;
          scores.agreement.add(argmax(row, info.vocab) == argmax(otherRow, info.vocab));
          scores.divergence.add(klDivergence(otherRow, row, info.vocab));
        }
      }
      if (progress)
        fprintf(stderr, "\r%llu of %zu tokens, perplexity %.3f ",
                (unsigned long long)scores.loss.count(), tokens.size(),
                std::exp(scores.loss.mean()));
    }
  }
  if (progress)
    fprintf(stderr, "\r\033[K");
  return {};
}

int run(const EvalOptions &options, BeaconOption &beacon) {
  Result<std::string> text = readTextFile(options.text);
  if (!text.ok())
    return reportError(kTool, text.status());
  Result<Runner> runner = Runner::open(options.model, options);
  if (!runner.ok())
    return reportError(kTool, runner.status());
  const lobit_model_info info = runner->model.info();
  rt::Error error;
  std::vector<uint32_t> tokens = runner->model.tokenize(*text, 0, error);
  if (error)
    return reportError(kTool, std::move(statusOf(error)).withContext(options.text));
  std::optional<uint32_t> bos;
  if (std::vector<uint32_t> first = runner->model.tokenize("", LOBIT_TEXT_AUTO_BOS, error);
      first.size() == 1)
    bos = first[0];
  if (options.context > info.max_context)
    return reportError(kTool,
                       Status(StatusCode::CONTEXT_FULL,
                              "--context is " + std::to_string(options.context) +
                                  ", the artifact's is " + std::to_string(info.max_context)));
  const uint64_t context = options.context ? options.context : info.max_context;
  if (context < 2 || tokens.size() + (bos ? 1 : 0) < 2)
    return reportError(kTool, Status(StatusCode::INVALID_ARGUMENT,
                                     options.text + ": there is no token to predict"));
  std::vector<Window> windows = cutWindows(tokens.size(), context - (bos ? 1 : 0), bos.has_value());

  std::optional<Reference> reference;
  if (!options.against.empty()) {
    uint64_t positions = 0;
    for (const Window &window : windows)
      positions += window.end - window.begin + (bos ? 1 : 0);
    Result<Reference> opened = Reference::open(options, info, positions);
    if (!opened.ok())
      return reportError(kTool, opened.status());
    reference = std::move(opened).value();
    if (reference->maxContext() < context)
      return reportError(kTool,
                         Status(StatusCode::MISMATCH, options.against + ": its context is " +
                                                          std::to_string(reference->maxContext()) +
                                                          "; use --context"));
  }
  if (beacon.isGiven())
    if (Status status = beacon.observe(runner->model, runner->session); !status.ok())
      return reportError(kTool, status);
  Scores scores;
  if (Status status =
          evaluate(*runner, reference ? &*reference : nullptr, tokens, windows, bos, scores);
      !status.ok())
    return reportError(kTool, status);

  if (beacon.isGiven())
    if (Status status = beacon.write(); !status.ok())
      return reportError(kTool, status);

  const double perplexity = std::exp(scores.loss.mean());
  const double perplexityError = perplexity * scores.loss.error();
  const double bits = scores.loss.mean() * double(scores.loss.count()) / std::log(2.0) /
                      double(std::max<uint64_t>(scores.bytes, 1));
  if (options.json) {
    nlohmann::json out = {{"tokens", scores.loss.count()},
                          {"bytes", scores.bytes},
                          {"context", context},
                          {"windows", windows.size()},
                          {"isa", runner->code.isa()},
                          {"perplexity", perplexity},
                          {"perplexity_error", perplexityError},
                          {"nats_per_token", scores.loss.mean()},
                          {"bits_per_byte", bits}};
    if (reference) {
      out["top1_agreement"] = scores.agreement.mean();
      out["top1_agreement_error"] = scores.agreement.error();
      out["kl_divergence"] = scores.divergence.mean();
      out["kl_divergence_error"] = scores.divergence.error();
    }
    if (beacon.isGiven()) {
      const BeaconOption::Result r = beacon.result();
      out["beacon"] = {{"file", r.path},       {"rows", r.rows},        {"alert", r.alert},
                       {"SDS", r.sds},         {"norm_dmu", r.normDmu}, {"cos_mu", r.cosMu},
                       {"tr_Sigma", r.trSigma}};
    }
    printf("%s\n", out.dump(1).c_str());
  } else {
    printf("tokens          %llu (%llu bytes), %zu windows of %llu\n",
           (unsigned long long)scores.loss.count(), (unsigned long long)scores.bytes,
           windows.size(), (unsigned long long)context);
    printf("perplexity      %.4f +- %.4f\n", perplexity, perplexityError);
    printf("bits per byte   %.4f\n", bits);
    if (reference) {
      printf("top-1 agreement %.3f %% +- %.3f %%\n", 100 * scores.agreement.mean(),
             100 * scores.agreement.error());
      printf("KL divergence   %.6f +- %.6f nats\n", scores.divergence.mean(),
             scores.divergence.error());
    }
    if (beacon.isGiven())
      printf("beacon          %s\n", beacon.line().c_str());
  }
  if (fflush(stdout) != 0)
    return reportError(kTool, Status(StatusCode::IO, "standard output cannot be written"));
  const Status drift = beacon.isGiven() ? beacon.drift() : Status();
  return drift.ok() ? 0 : reportError(kTool, drift);
}

} // namespace

int main(int argc, char **argv) {
  BeaconOption beacon(argc, argv, kTool);
  EvalOptions options;
  CLI::App app("Measures how well a compiled model predicts a text.\n\n"
               "A text longer than the context is cut into windows: the first is one context\n"
               "long, each later one begins half a context further and counts only the tokens\n"
               "that no earlier window counted. Every token counts once.",
               "quant-eval");
  app.set_version_flag("--version", versionText(kTool));
  app.footer(kExitCodesHelp);
  app.add_option("model", options.model, "The artifact, model.lobit")->required();
  app.add_option("--text", options.text, "The text, UTF-8")->required();
  app.add_option("--against", options.against,
                 "Another artifact, or logits f32 [positions, vocab] in a .npy file, to compare "
                 "with: top-1 agreement and KL(other || model)");
  app.add_option("--context", options.context, "Tokens of a window (the artifact's context)");
  app.add_option("-t", options.threads, "Threads; 0: one for each CPU")->capture_default_str();
  app.add_option("--isa", options.isa, "Force the code for one ISA");
  app.add_flag("--json", options.json, "One JSON object on standard output");
  beacon.add(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (Status status = beacon.check(app); !status.ok())
    return reportError(kTool, status);
  return run(options, beacon);
}
