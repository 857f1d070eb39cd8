#include "runtime/beacon/Decode.h"
#include "tools/bit-beacon/Npz.h"
#include "tools/bit-beacon/Verbs.h"
#include "tools/support/Tool.h"

#include <charconv>
#include <ctime>

namespace lobit {

int report(const Status &status) { return status.ok() ? 0 : reportError(kBitBeacon, status); }

void IdOptions::add(CLI::App &app) {
  app.add_option("space", ids.space, "The space the vectors lie in")->required();
  app.add_option("model", ids.model, "The model they come from")->required();
  app.add_option("pi", ids.pi, "The projection of them: id, rp:<seed>:<k>, or your own name")
      ->required();
}

uint64_t unixNow() { return uint64_t(std::time(nullptr)); }

Result<uint64_t> parseTime(const std::string &text) {
  if (text == "now")
    return unixNow();
  uint64_t value = 0;
  const char *end = text.data() + text.size();
  auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || last != end || text.empty())
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the time '" + text + "' is neither UNIX seconds nor now");
  return value;
}

Result<beacon::KeyId> parseKeyId(const std::string &text) {
  beacon::KeyId id{};
  bool good = text.size() == 2 * id.size();
  for (size_t i = 0; good && i < id.size(); ++i) {
    auto [last, error] = std::from_chars(&text[2 * i], &text[2 * i] + 2, id[i], 16);
    good = error == std::errc() && last == &text[2 * i] + 2;
  }
  if (!good)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the key id '" + text + "' is not 16 hexadecimal digits");
  return id;
}

void OriginOptions::add(CLI::App &app) {
  const char *group = "Origin";
  app.add_option("--key-id", keyId, "16 hexadecimal digits (from the key)")->group(group);
  app.add_option("--sequence", sequence, "Number in the chain (previous + 1)")->group(group);
  const auto time = [](std::optional<uint64_t> &out) {
    return [&out](const std::string &text) {
      const Result<uint64_t> value = parseTime(text);
      if (!value.ok())
        throw CLI::ValidationError(value.status().message());
      out = *value;
    };
  };
  app.add_option_function<std::string>("--issued", time(issued), "UNIX seconds, or now")
      ->group(group);
  app.add_option_function<std::string>("--expires", time(expires), "UNIX seconds (never)")
      ->group(group);
  app.add_option("--previous", previous, "The beacon before this one in the chain")->group(group);
}

Result<std::optional<beacon::Origin>> OriginOptions::make(const beacon::Key *key) const {
  if (keyId.empty() && previous.empty() && !sequence && !issued && !expires)
    return std::optional<beacon::Origin>();
  beacon::Origin origin;
  if (!keyId.empty()) {
    Result<beacon::KeyId> id = parseKeyId(keyId);
    if (!id.ok())
      return std::move(id).status();
    origin.keyId = *id;
  } else if (key) {
    origin.keyId = key->id();
  }
  origin.sequence = sequence.value_or(0);
  origin.issued = issued.value_or(0);
  origin.expires = expires.value_or(0);
  if (!previous.empty()) {
    Result<std::unique_ptr<BeaconFile>> file = readBeacon(previous, key);
    if (!file.ok())
      return std::move(file).status();
    origin.previous = beacon::chainDigest((*file)->view);
    const std::optional<beacon::Origin> before = beacon::originOf((*file)->view);
    if (!sequence && before)
      origin.sequence = before->sequence + 1;
    if (before && origin.sequence <= before->sequence)
      return Status(StatusCode::INVALID_ARGUMENT,
                    "--sequence is " + std::to_string(origin.sequence) +
                        ", the previous beacon's " + std::to_string(before->sequence));
  }
  return std::optional<beacon::Origin>(origin);
}

static bool endsWith(const std::string &text, const char *end) {
  const size_t size = std::string(end).size();
  return text.size() > size && text.substr(text.size() - size) == end;
}

Result<beacon::Reference> readReference(const std::string &path, const beacon::Key *key) {
  if (endsWith(path, ".npz")) {
    Result<SclGaussian> scl = readScl(path);
    if (!scl.ok())
      return std::move(scl).status();
    return beacon::Reference{std::move(scl->mu), "npz"};
  }
  Result<std::unique_ptr<BeaconFile>> file = readBeacon(path, key);
  if (!file.ok())
    return std::move(file).status();
  return beacon::Reference{beacon::muOf((*file)->view),
                           hexText((*file)->view.context(), beacon::kContextBytes)};
}

Status finishBeacon(const std::string &path, const beacon::Content &content,
                    const beacon::Results &results, const beacon::Key *key) {
  Result<std::vector<uint8_t>> bytes = beacon::writeBeacon(content, key);
  if (!bytes.ok())
    return std::move(bytes).status();
  if (Status status = writeBeaconFile(path, *bytes); !status.ok())
    return status;
  printf("%s: %zu bytes, %s, %s\n", path.c_str(), bytes->size(),
         key ? "authenticated" : "unauthenticated", resultsLine(results).c_str());
  return driftStatus(results);
}

} // namespace lobit
