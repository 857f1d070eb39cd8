/// \file
/// quant-run: text from a language model, or a function on .npy files.
#include "tools/quant-run/Explain.h"
#include "tools/quant-run/ListIsas.h"
#include "tools/quant-run/Options.h"
#include "tools/support/Npy.h"
#include "tools/support/ReadBandwidth.h"
#include "tools/support/Tool.h"

#include <csignal>
#include <cstring>
#include <map>

using namespace lobit;
using nlohmann::json;

static const char *const kTool = "quant-run";

static int fail(StatusCode code, const std::string &message) {
  return reportError(kTool, Status(code, message));
}

/// Flushes standard output; IO when it could not take everything.
static Status flushOutput() {
  if (fflush(stdout) != 0 || ferror(stdout))
    return Status(StatusCode::IO, "standard output cannot be written");
  return {};
}

/// Writes the beacon, if one was asked for. A drift is for the end: driftExit.
static int writeBeacon(BeaconOption &beacon, bool json) {
  if (!beacon.isGiven())
    return 0;
  if (Status status = beacon.write(); !status.ok())
    return reportError(kTool, status);
  if (!json)
    fprintf(stderr, "beacon %s\n", beacon.line().c_str());
  return 0;
}
static int driftExit(const BeaconOption &beacon) {
  Status status = beacon.isGiven() ? beacon.drift() : Status();
  return status.ok() ? 0 : reportError(kTool, status);
}
static json beaconJson(const BeaconOption &beacon) {
  const BeaconOption::Result r = beacon.result();
  return {{"file", r.path},        {"rows", r.rows},
          {"bytes", r.bytes},      {"authenticated", r.authenticated},
          {"alert", r.alert},      {"SDS", r.sds},
          {"norm_dmu", r.normDmu}, {"cos_mu", r.cosMu},
          {"tr_Sigma", r.trSigma}, {"seconds", r.seconds}};
}

static int endOutput() {
  Status status = flushOutput();
  return status.ok() ? 0 : reportError(kTool, status);
}

static int runSelfTest(const rt::Model &model, const lobit_code_options &code,
                       const RunOptions &options) {
  struct Result {
    std::string isa, check;
    lobit_status status;
  };
  std::vector<Result> results;
  rt::Error error;
  error.set(lobit_self_test(
      model.get(), &code, options.threads,
      [](void *user, const char *isa, const char *check, lobit_status status) {
        static_cast<std::vector<Result> *>(user)->push_back({isa, check, status});
      },
      &results, error.get()));
  if (error && error.status() != LOBIT_STATUS_CHECK_FAILED)
    return reportError(kTool, error);
  if (options.json) {
    json out = {{"ok", !error}, {"checks", json::array()}};
    for (const Result &r : results)
      out["checks"].push_back({{"isa", r.isa}, {"check", r.check}, {"ok", r.status == 0}});
    printf("%s\n", out.dump(1).c_str());
  } else {
    std::map<std::string, std::pair<unsigned, unsigned>> counts; // passed, all
    for (const Result &r : results) {
      counts[r.isa].first += r.status == 0;
      counts[r.isa].second += 1;
      if (r.status != 0)
        printf("%s: %s: %s\n", r.isa.c_str(), r.check.c_str(), lobit_status_text(r.status));
    }
    for (const auto &[isa, count] : counts)
      printf("%s: %u of %u known answers reproduced\n", isa.c_str(), count.first, count.second);
  }
  if (error)
    return reportError(kTool, error);
  return endOutput();
}

/// Measures how fast as many threads as the session has read memory.
static ExplainFacts explainFacts(const rt::Code &code, const rt::Session &session,
                                 double cacheBytes) {
  ExplainFacts facts;
  facts.isa = code.isa();
  facts.cacheBytes = cacheBytes;
  Result<ReadBandwidth> bandwidth = ReadBandwidth::create(ReadBandwidth::kDefaultBytes / 2);
  Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(session.statistics().threads);
  if (bandwidth.ok() && pool.ok())
    facts.readBytesPerSecond = bandwidth->median(**pool, 3);
  return facts;
}

/// "name=file" or "file".
static std::pair<std::string, std::string> splitName(const std::string &argument) {
  size_t equals = argument.find('=');
  if (equals == std::string::npos)
    return {"", argument};
  return {argument.substr(0, equals), argument.substr(equals + 1)};
}

static int runFunction(const rt::Model &model, const rt::Code &code, rt::Session &session,
                       const RunOptions &options, BeaconOption &beacon) {
  const lobit_model_info info = model.info();
  if (options.prompt || options.promptFile || options.tokens || options.count ||
      !options.logits.empty())
    return fail(StatusCode::INVALID_ARGUMENT, "the artifact is a function; -p, --prompt-file, "
                                              "--tokens, -n and --logits are for language models");
  if (options.inputs.empty() && options.outputs.empty())
    return fail(StatusCode::INVALID_ARGUMENT,
                "the artifact is a function; give --input X.npy and --output Y.npy");
  std::vector<NpyArray> arrays;
  std::vector<std::string> names;
  std::vector<lobit_tensor> inputs, outputs;
  for (const std::string &argument : options.inputs) {
    auto [name, path] = splitName(argument);
    Result<NpyArray> array = readNpy(path);
    if (!array.ok())
      return reportError(kTool, array.status());
    arrays.push_back(std::move(array).value());
    names.push_back(name);
  }
  uint64_t rows = 0;
  for (size_t i = 0; i < arrays.size(); ++i) {
    lobit_tensor tensor = {};
    tensor.name = names[i].empty() ? nullptr : names[i].c_str();
    tensor.type = int32_t(arrays[i].header.type);
    tensor.rank = uint32_t(arrays[i].header.dims.size());
    std::copy(arrays[i].header.dims.begin(), arrays[i].header.dims.end(), tensor.dims);
    tensor.data = arrays[i].words.data();
    tensor.data_bytes = arrays[i].words.size() * 4;
    inputs.push_back(tensor);
    for (uint32_t j = 0; j < info.input_count && rows == 0; ++j) {
      auto value = rt::make<lobit_value_info>();
      lobit_model_get_input(model.get(), j, &value);
      bool same = tensor.name ? strcmp(value.name, tensor.name) == 0 : i == j;
      if (same && value.rank != 0 && value.dims[0] == LOBIT_DYNAMIC_DIM && tensor.rank != 0)
        rows = tensor.dims[0];
    }
  }
  // One buffer for each output of the signature; those with a file are written.
  std::vector<lobit_value_info> values;
  std::vector<std::vector<uint32_t>> buffers(info.output_count);
  for (uint32_t i = 0; i < info.output_count; ++i) {
    auto value = rt::make<lobit_value_info>();
    lobit_model_get_output(model.get(), i, &value);
    lobit_tensor tensor = {value.name, value.type, value.rank, {}, nullptr, 0};
    uint64_t elements = 1;
    for (uint32_t d = 0; d < value.rank; ++d) {
      tensor.dims[d] = value.dims[d] == LOBIT_DYNAMIC_DIM ? rows : value.dims[d];
      if (__builtin_mul_overflow(elements, tensor.dims[d], &elements) || elements > 1ull << 40)
        return fail(StatusCode::RESOURCE_LIMIT,
                    std::string("output ") + value.name + " is too large");
    }
    buffers[i].resize(elements);
    tensor.data = buffers[i].data();
    tensor.data_bytes = elements * 4;
    outputs.push_back(tensor);
    values.push_back(value);
  }
  std::vector<std::pair<size_t, std::string>> files;
  for (size_t i = 0; i < options.outputs.size(); ++i) {
    auto [name, path] = splitName(options.outputs[i]);
    size_t at = i;
    if (!name.empty())
      for (at = 0; at < values.size() && name != values[at].name;)
        ++at;
    if (at >= values.size())
      return fail(StatusCode::INVALID_ARGUMENT, "there is no output for " + options.outputs[i] +
                                                    "; the function has " +
                                                    std::to_string(values.size()));
    files.emplace_back(at, path);
  }
  size_t watched = 0; // the output whose rows make the beacon
  if (beacon.isGiven()) {
    while (watched < values.size() && values[watched].name != beacon.tensor() &&
           !beacon.tensor().empty())
      ++watched;
    if (watched == values.size() || values[watched].type != LOBIT_TYPE_F32 ||
        values[watched].rank == 0)
      return fail(StatusCode::INVALID_ARGUMENT,
                  "--beacon-tensor: there is no f32 output '" + beacon.tensor() + "' with rows");
    if (Status status = beacon.start(model, values[watched].name,
                                     outputs[watched].dims[values[watched].rank - 1]);
        !status.ok())
      return reportError(kTool, status);
  }
  rt::Error error;
  if (options.explain)
    lobit_session_set_tracing(session.get(), 1);
  if (!session.call(inputs, outputs, error))
    return reportError(kTool, error);
  for (const auto &[at, path] : files) {
    std::vector<uint64_t> dims(outputs[at].dims, outputs[at].dims + outputs[at].rank);
    if (Status status = writeNpy(path, DataType(values[at].type), dims, buffers[at].data());
        !status.ok())
      return reportError(kTool, status);
  }
  if (beacon.isGiven()) {
    const uint64_t columns = outputs[watched].dims[values[watched].rank - 1];
    const float *data = reinterpret_cast<const float *>(buffers[watched].data());
    for (uint64_t at = 0; columns != 0 && at + columns <= buffers[watched].size(); at += columns)
      beacon.record(data + at);
  }
  if (int exitCode = writeBeacon(beacon, options.json))
    return exitCode;
  if (options.json) {
    json out = {{"isa", code.isa()}, {"outputs", json::array()}};
    for (size_t i = 0; i < outputs.size(); ++i)
      out["outputs"].push_back(
          {{"name", values[i].name},
           {"dims", std::vector<uint64_t>(outputs[i].dims, outputs[i].dims + outputs[i].rank)}});
    if (options.explain)
      out["operations"] = explainJson(session, explainFacts(code, session, 0));
    if (beacon.isGiven())
      out["beacon"] = beaconJson(beacon);
    printf("%s\n", out.dump(1).c_str());
  } else if (options.explain) {
    printf("%s", explainTable(session, explainFacts(code, session, 0), "One call").c_str());
  }
  if (int exitCode = endOutput())
    return exitCode;
  return driftExit(beacon);
}

/// Evaluates the prompt and writes the logits of all its positions.
static Status writeLogits(rt::Session &session, const std::vector<uint32_t> &tokens,
                          const lobit_model_info &info, const std::string &path) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  std::string header = npyHeader(DataType::F32, {tokens.size(), info.vocab});
  if (Status status = file->write(header.data(), header.size()); !status.ok())
    return status;
  uint64_t rows = std::min<uint64_t>(info.rows_per_call, tokens.size());
  std::vector<float> logits(rows * info.vocab);
  for (size_t begin = 0; begin < tokens.size(); begin += rows) {
    size_t end = std::min<size_t>(begin + rows, tokens.size());
    rt::Error error;
    if (!session.eval({tokens.begin() + long(begin), tokens.begin() + long(end)}, error,
                      logits.data()))
      return Status(StatusCode(error.status()), error.message());
    uint64_t bytes = (end - begin) * info.vocab * sizeof(float);
    if (Status status = file->write(logits.data(), bytes); !status.ok())
      return status;
  }
  return file->commit();
}

static int runLanguageModel(const rt::Model &model, const rt::Code &code, rt::Session &session,
                            const RunOptions &options, BeaconOption &beacon) {
  const lobit_model_info info = model.info();
  if (!options.inputs.empty() || !options.outputs.empty())
    return fail(StatusCode::INVALID_ARGUMENT,
                "the artifact is a language model; --input and --output are for functions");
  rt::Error error;
  std::vector<uint32_t> tokens;
  std::string prompt;
  if (options.tokens) {
    Result<std::vector<uint32_t>> parsed = parseTokens(*options.tokens);
    if (!parsed.ok())
      return reportError(kTool, parsed.status());
    tokens = *parsed;
  } else {
    if (options.promptFile) {
      Result<std::string> text = readTextFile(*options.promptFile);
      if (!text.ok())
        return reportError(kTool, text.status());
      prompt = *text;
    } else if (options.prompt) {
      prompt = *options.prompt;
    } else {
      return fail(StatusCode::INVALID_ARGUMENT, "give a prompt: -p, --prompt-file or --tokens");
    }
    tokens = model.tokenize(prompt, LOBIT_TEXT_AUTO_BOS | LOBIT_TEXT_PARSE_SPECIAL, error);
    if (error)
      return reportError(kTool, error);
    if (tokens.empty())
      return fail(StatusCode::INVALID_ARGUMENT, "the prompt is empty");
  }
  if (tokens.size() > info.max_context)
    return fail(StatusCode::CONTEXT_FULL,
                "the prompt has " + std::to_string(tokens.size()) + " tokens, the context " +
                    std::to_string(info.max_context) + " (quant-compile --max-context sets it)");

  auto sampling = rt::make<lobit_sampling>();
  sampling.temperature = options.temperature;
  sampling.top_k = options.topK;
  sampling.top_p = options.topP;
  sampling.min_p = options.minP;
  sampling.repetition_penalty = options.repetitionPenalty;
  sampling.seed = options.seed;
  if (!session.setSampling(sampling, error))
    return reportError(kTool, error);

  if (beacon.isGiven())
    if (Status status = beacon.observe(model, session); !status.ok())
      return reportError(kTool, status);

  const uint64_t count = options.count.value_or(options.logits.empty() ? 128 : 0);
  if (options.explain && count == 0)
    lobit_session_set_tracing(session.get(), 1);
  if (!options.logits.empty()) {
    if (Status status = writeLogits(session, tokens, info, options.logits); !status.ok())
      return reportError(kTool, status);
  } else if (!session.eval(tokens, error)) {
    return reportError(kTool, error);
  }
  if (options.explain && count != 0)
    lobit_session_set_tracing(session.get(), 1);

  std::string text;
  std::vector<uint32_t> generated;
  int32_t reason = LOBIT_STOP_LIMIT;
  bool outputBroken = false;
  if (count != 0) {
    if (!options.json)
      fwrite(prompt.data(), 1, prompt.size(), stdout);
    auto onPiece = [&](const lobit_piece &piece) {
      if (piece.token != LOBIT_NO_TOKEN)
        generated.push_back(piece.token);
      if (options.json) {
        text.append(piece.text, piece.text_size);
      } else if (info.has_tokenizer) {
        fwrite(piece.text, 1, piece.text_size, stdout);
        outputBroken = !flushOutput().ok();
      } else if (piece.token != LOBIT_NO_TOKEN) {
        printf(generated.size() == 1 ? "%u" : ",%u", piece.token);
        outputBroken = !flushOutput().ok();
      }
      return outputBroken;
    };
    reason = session.generate(count, onPiece, error);
    if (!options.json && !outputBroken)
      printf("\n");
    if (error)
      return reportError(kTool, error);
  }

  if (int exitCode = writeBeacon(beacon, options.json))
    return exitCode;
  const lobit_statistics s = session.statistics();
  // A call reads what is before its tokens and, on the mean, half of them.
  const double cacheBytes =
      double(info.state_bytes) / double(info.max_context) *
      (count != 0 ? double(s.prompt_tokens) + double(s.generated_tokens + 1) / 2
                  : double(s.prompt_tokens) / 2);
  if (options.json) {
    static const char *const kReasons[] = {"limit", "end", "context", "output"};
    json variants = json::array();
    for (uint32_t i = 0; i < info.variant_count; ++i) {
      auto variant = rt::make<lobit_variant_info>();
      lobit_model_get_variant(model.get(), i, &variant);
      variants.push_back({{"isa", variant.isa}, {"runnable", variant.runnable != 0}});
    }
    json out = {{"isa", code.isa()},
                {"variants", variants},
                {"threads", s.threads},
                {"prompt_tokens", tokens},
                {"tokens", generated},
                {"text", text},
                {"stop", kReasons[reason]},
                {"prompt_seconds", s.prompt_seconds},
                {"prompt_tokens_per_second", s.prompt_tokens_per_second},
                {"generation_seconds", s.generation_seconds},
                {"generation_tokens_per_second", s.generation_tokens_per_second},
                {"session_bytes", s.session_bytes}};
    if (!options.tokens)
      out["prompt"] = prompt;
    if (options.explain)
      out["operations"] = explainJson(session, explainFacts(code, session, cacheBytes));
    if (beacon.isGiven())
      out["beacon"] = beaconJson(beacon);
    printf("%s\n", out.dump(1).c_str());
    if (int exitCode = endOutput())
      return exitCode;
    return driftExit(beacon);
  }
  if (options.explain) {
    std::string what = count != 0 ? "Decoding, " + std::to_string(s.generated_tokens) + " tokens"
                                  : "Prompt, " + std::to_string(s.prompt_tokens) + " tokens";
    printf("\n%s", explainTable(session, explainFacts(code, session, cacheBytes), what).c_str());
  }
  if (int exitCode = endOutput())
    return exitCode;
  fprintf(stderr, "%llu prompt tokens, %.1f tokens/s; ", (unsigned long long)s.prompt_tokens,
          s.prompt_tokens_per_second);
  if (count != 0)
    fprintf(stderr, "%llu generated, %.1f tokens/s; ", (unsigned long long)generated.size(),
            s.generation_tokens_per_second);
  fprintf(stderr, "%s, %u thread%s\n", code.isa(), s.threads, s.threads == 1 ? "" : "s");
  return driftExit(beacon);
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN); // a closed pipe is a write error, reported like any other
  BeaconOption beacon(argc, argv, kTool);
  RunOptions options;
  if (std::optional<int> exitCode = parseRunOptions(argc, argv, options, beacon))
    return *exitCode;
  if (options.listIsas) {
    fputs(listIsas(options.json).c_str(), stdout);
    return endOutput();
  }
  Result<uint64_t> assumed = parseCpuFeatures(options.assumeCpuFeatures);
  if (!assumed.ok())
    return reportError(kTool, assumed.status());

  rt::Error error;
  auto load = rt::make<lobit_load_options>();
  load.mode = options.copy ? LOBIT_LOAD_COPY : LOBIT_LOAD_MAP;
  rt::Model model = rt::Model::open(options.model, error, &load);
  if (!model)
    return reportError(kTool, error);
  auto bind = rt::make<lobit_code_options>();
  bind.isa = options.isa.empty() ? nullptr : options.isa.c_str();
  bind.assume_cpu_features = *assumed;
  if (options.selfTest)
    return runSelfTest(model, bind, options);
  rt::Code code = rt::Code::bind(model, error, &bind);
  if (!code)
    return reportError(kTool, error);
  rt::Session session = rt::Session::create(code, options.threads, error);
  if (!session)
    return reportError(kTool, error);
  return model.info().kind == LOBIT_KIND_FUNCTION
             ? runFunction(model, code, session, options, beacon)
             : runLanguageModel(model, code, session, options, beacon);
}
