/// \file
/// verify: three separate answers about every beacon of a file.
#include "runtime/beacon/CanonicalJson.h"
#include "tools/bit-beacon/State.h"
#include "tools/bit-beacon/Verbs.h"
#include "tools/support/Tool.h"

namespace lobit {
namespace {

struct VerifyOptions {
  std::string input, state, keyId, now;
  std::optional<std::string> space, model, pi;
  KeyOptions key;
  bool requireAuth = false, json = false;
};

struct Checked {
  uint64_t offset = 0, size = 0;
  std::string context, artifact, results;
  std::optional<beacon::Origin> origin;
  beacon::Verdict verdict;
};

Checked describe(const beacon::View &view, uint64_t offset, beacon::Verdict verdict) {
  Checked checked;
  checked.offset = offset;
  checked.size = view.bytes.size;
  checked.context = hexText(view.context(), beacon::kContextBytes);
  checked.origin = beacon::originOf(view);
  if (view.artifact) {
    const uint8_t *bytes = view.artifact.data();
    const char *name = reinterpret_cast<const char *>(bytes) + beacon::kRootDigestBytes;
    if (beacon::checkValues(view).ok()) // the name can be printed
      checked.artifact = hexText(bytes, beacon::kRootDigestBytes) + " " +
                         std::string(name, view.artifact.size - beacon::kRootDigestBytes);
  }
  if (beacon::checkResults(view).ok())
    checked.results = beacon::resultsText(view);
  checked.verdict = std::move(verdict);
  return checked;
}

std::string authenticText(const Checked &checked) {
  return checked.verdict.authentic == beacon::Answer::NotChecked
             ? "not checked: unauthenticated, no key was given"
             : beacon::answerWord(checked.verdict.authentic);
}

void printText(const std::string &path, const std::vector<Checked> &all) {
  for (const Checked &checked : all) {
    printf("%s: %llu bytes at %llu\n", path.c_str(), (unsigned long long)checked.size,
           (unsigned long long)checked.offset);
    printf("  context     %s\n", checked.context.c_str());
    if (!checked.artifact.empty())
      printf("  artifact    %s\n", checked.artifact.c_str());
    if (checked.origin)
      printf("  origin      key %s, number %llu, issued %llu\n",
             hexText(checked.origin->keyId.data(), beacon::kKeyIdBytes).c_str(),
             (unsigned long long)checked.origin->sequence,
             (unsigned long long)checked.origin->issued);
    if (!checked.results.empty())
      printf("  results     %s\n", checked.results.c_str());
    printf("  intact      %s\n", beacon::answerWord(checked.verdict.intact));
    printf("  authentic   %s\n", authenticText(checked).c_str());
    printf("  acceptable  %s\n", beacon::answerWord(checked.verdict.acceptable));
  }
}

void printJson(const std::vector<Checked> &all) {
  std::string text;
  for (const Checked &checked : all) {
    beacon::JsonObject out;
    out.add("offset", double(checked.offset));
    out.add("size", double(checked.size));
    out.add("context", std::string_view(checked.context));
    if (!checked.artifact.empty())
      out.add("artifact", std::string_view(checked.artifact));
    if (checked.origin) {
      out.add("key_id",
              std::string_view(hexText(checked.origin->keyId.data(), beacon::kKeyIdBytes)));
      out.add("sequence", double(checked.origin->sequence));
      out.add("issued", double(checked.origin->issued));
      out.add("expires", double(checked.origin->expires));
    }
    if (!checked.results.empty())
      out.addRaw("results", checked.results);
    out.add("intact", std::string_view(beacon::answerWord(checked.verdict.intact)));
    out.add("authentic", std::string_view(beacon::answerWord(checked.verdict.authentic)));
    out.add("acceptable", std::string_view(beacon::answerWord(checked.verdict.acceptable)));
    out.add("reason", std::string_view(checked.verdict.status.message()));
    text += (text.empty() ? "[" : ",\n ") + out.text();
  }
  printf("%s]\n", text.empty() ? "[" : text.c_str());
}

Status run(const VerifyOptions &options, const KeyArgument &argument) {
  Result<std::optional<beacon::Key>> key = options.key.load(argument, kBitBeacon);
  if (!key.ok())
    return std::move(key).status();
  beacon::Request request;
  request.key = *key ? &**key : nullptr;
  request.requireAuth = options.requireAuth;
  const int ids = options.space.has_value() + options.model.has_value() + options.pi.has_value();
  if (ids == 3)
    request.ids = beacon::ContextIds{*options.space, *options.model, *options.pi};
  else if (ids != 0)
    return Status(StatusCode::INVALID_ARGUMENT, "--space, --model and --pi belong together");
  if (!options.state.empty() && !request.key)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--state needs a key: without one anybody can write the next number");
  if (!options.keyId.empty()) {
    Result<beacon::KeyId> id = parseKeyId(options.keyId);
    if (!id.ok())
      return std::move(id).status();
    request.origin.keyId = *id;
  }
  if (!options.now.empty() || !options.state.empty()) {
    Result<uint64_t> now = parseTime(options.now.empty() ? "now" : options.now);
    if (!now.ok())
      return std::move(now).status();
    request.origin.now = *now;
  }
  ChainState state;
  if (!options.state.empty())
    if (Status status = state.read(options.state); !status.ok())
      return status;

  Result<std::vector<uint8_t>> bytes = readBeaconBytes(options.input);
  if (!bytes.ok())
    return std::move(bytes).status();
  std::vector<Checked> all;
  Status first; // the first thing that does not hold
  uint64_t at = 0;
  do {
    beacon::View view;
    beacon::Fault fault = beacon::parseFirst({bytes->data() + at, bytes->size() - at}, view);
    if (!fault.ok()) {
      fault.offset += at;
      first = fault.status();
      break;
    }
    beacon::Request asked = request;
    if (!options.state.empty())
      state.ask(view, asked.origin);
    Checked checked = describe(view, at, beacon::verify(view, asked));
    const bool genuine = checked.verdict.ok() || checked.verdict.status.code() == StatusCode::DRIFT;
    // A beacon that is refused outweighs one that reports drift.
    if (first.ok() || (first.code() == StatusCode::DRIFT && !genuine))
      first = checked.verdict.status;
    if (genuine && !options.state.empty())
      state.record(view);
    all.push_back(std::move(checked));
    at += view.bytes.size;
  } while (at < bytes->size());
  if (options.json)
    printJson(all);
  else
    printText(options.input, all);
  // A drifting beacon is genuine: its number has been seen.
  if (!options.state.empty() && (first.ok() || first.code() == StatusCode::DRIFT))
    if (Status status = state.write(options.state); !status.ok())
      return status;
  return std::move(first).withContext(options.input);
}

} // namespace

void addVerify(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand("verify", "Is it intact, authentic, acceptable?");
  auto o = std::make_shared<VerifyOptions>();
  verb->add_option("input", o->input, "One or more beacons in a file")->required();
  o->key.add(*verb, "", "Key");
  verb->add_flag("--require-auth,--require-hmac", o->requireAuth, "Fail without a key");
  verb->add_option("--space", o->space, "The context must be this space ...");
  verb->add_option("--model", o->model, "... this model ...");
  verb->add_option("--pi", o->pi, "... and this projection");
  verb->add_option("--key-id", o->keyId, "The origin must name this key");
  verb->add_option("--now", o->now,
                   "UNIX seconds or now: refuse what has expired or comes from the future");
  verb->add_option("--state", o->state,
                   "A file that remembers the last beacon of every chain; refuses replays");
  verb->add_flag("--json", o->json, "JSON on standard output");
  verb->callback([&context, o] {
    context.run = [&context, o] { return report(run(*o, context.keyArgument)); };
  });
}

} // namespace lobit
