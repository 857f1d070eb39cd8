#include "tools/bit-beacon/State.h"
#include "tools/support/OutputFile.h"
#include "tools/support/Tool.h"

#include <charconv>
#include <sstream>
#include <unistd.h>

namespace lobit {

static std::string chainOf(const beacon::View &view, const beacon::Origin &origin) {
  return hexText(origin.keyId.data(), beacon::kKeyIdBytes) + " " +
         hexText(view.context(), beacon::kContextBytes);
}

static bool parseHex(const std::string &text, uint8_t *out, size_t size) {
  bool good = text.size() == 2 * size;
  for (size_t i = 0; good && i < size; ++i) {
    const auto [last, error] = std::from_chars(&text[2 * i], &text[2 * i] + 2, out[i], 16);
    good = error == std::errc() && last == &text[2 * i] + 2;
  }
  return good;
}

Status ChainState::read(const std::string &path) {
  chains_.clear();
  if (::access(path.c_str(), F_OK) != 0)
    return {};
  Result<std::string> text = readTextFile(path);
  if (!text.ok())
    return std::move(text).status();
  std::istringstream lines(*text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string key, context, digest, rest;
    beacon::KeyId id;
    beacon::ContextHash hash;
    Last last = {};
    if (!(words >> key >> context >> last.sequence >> digest) || words >> rest ||
        !parseHex(key, id.data(), id.size()) || !parseHex(context, hash.data(), hash.size()) ||
        !parseHex(digest, last.digest.data(), last.digest.size()))
      return Status(StatusCode::MALFORMED, path + ": line " + std::to_string(number) +
                                               " is no \"key-id context sequence sha256\"");
    chains_[key + " " + context] = last;
  }
  return {};
}

Status ChainState::write(const std::string &path) const {
  std::string text;
  for (const auto &[chain, last] : chains_)
    text += chain + " " + std::to_string(last.sequence) + " " + hexText(last.digest) + "\n";
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  if (Status status = file->write(text.data(), text.size()); !status.ok())
    return status;
  return file->commit();
}

void ChainState::ask(const beacon::View &view, beacon::OriginPolicy &policy) const {
  const std::optional<beacon::Origin> origin = beacon::originOf(view);
  const auto known = origin ? chains_.find(chainOf(view, *origin)) : chains_.end();
  if (known == chains_.end())
    return;
  policy.lastSequence = known->second.sequence;
  policy.previous = known->second.digest;
}

void ChainState::record(const beacon::View &view) {
  if (const std::optional<beacon::Origin> origin = beacon::originOf(view))
    chains_[chainOf(view, *origin)] = {origin->sequence, beacon::chainDigest(view)};
}

} // namespace lobit
