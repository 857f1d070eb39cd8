#include "runtime/text/Tokenizer.h"
#include "runtime/text/PreTokenize.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>

namespace lobit {

Tokenizer::Tokenizer(const TokenizerView &view) : view_(view), merger_(view) {
  special_.assign(view.tokenCount(), false);
  for (uint32_t i = 0; i < view.addedCount(); ++i) {
    added_.push_back(view.added(i).id);
    special_[view.added(i).id] = view.added(i).special;
  }
  std::sort(added_.begin(), added_.end(), [&](uint32_t a, uint32_t b) {
    std::string_view x = view.token(a), y = view.token(b);
    if (x[0] != y[0])
      return uint8_t(x[0]) < uint8_t(y[0]);
    return x.size() != y.size() ? x.size() > y.size() : a < b;
  });
  for (uint32_t id : added_)
    ++addedStart_[uint8_t(view.token(id)[0]) + 1];
  for (int byte = 0; byte < 256; ++byte)
    addedStart_[byte + 1] += addedStart_[byte];
}

void Tokenizer::encodePlain(std::string_view text, Merger::Workspace &workspace,
                            std::vector<uint32_t> &ids) const {
  std::string normalized;
  if (view_.normalizer() == Normalizer::Nfc) {
    normalized = normalizeNfc(text);
    text = normalized;
  }
  for (size_t begin = 0; begin < text.size();) {
    size_t end = pieceEnd(view_.preTokenizer(), text, begin);
    merger_.encode(text.substr(begin, end - begin), workspace, ids);
    begin = end;
  }
}

Status Tokenizer::encode(std::string_view text, const Options &options,
                         std::vector<uint32_t> &ids) const {
  size_t position = 0;
  if (!isValidUtf8(text, position))
    return Status(StatusCode::INVALID_TEXT, "the text is not valid UTF-8 at byte " +
                                                std::to_string(position) +
                                                "; convert it, or pass token ids");
  if (text.size() >= UINT32_MAX)
    return Status(StatusCode::RESOURCE_LIMIT, "the text has " + std::to_string(text.size()) +
                                                  " bytes, the limit is " +
                                                  std::to_string(UINT32_MAX - 1) + " in one call");
  if (options.addBos && view_.bos())
    ids.push_back(*view_.bos());
  Merger::Workspace workspace;
  size_t plain = 0;
  for (size_t i = 0; i < text.size();) {
    uint8_t byte = uint8_t(text[i]);
    uint32_t found = addedStart_[byte], end = addedStart_[byte + 1];
    for (; found < end; ++found) {
      std::string_view token = view_.token(added_[found]);
      if ((options.parseSpecial || !special_[added_[found]]) &&
          text.substr(i, token.size()) == token)
        break;
    }
    if (found == end) {
      ++i;
      continue;
    }
    encodePlain(text.substr(plain, i - plain), workspace, ids);
    ids.push_back(added_[found]);
    i += view_.token(added_[found]).size();
    plain = i;
  }
  encodePlain(text.substr(plain), workspace, ids);
  return {};
}

std::string_view Tokenizer::textBytes(uint32_t id) const {
  return isSpecial(id) ? std::string_view() : view_.token(id);
}

bool Tokenizer::isSpecial(uint32_t id) const { return id < special_.size() && special_[id]; }

bool Tokenizer::isEndOfSequence(uint32_t id) const {
  for (uint32_t i = 0; i < view_.eosCount(); ++i)
    if (view_.eos(i) == id)
      return true;
  return false;
}

static constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

void Detokenizer::append(std::string_view bytes, std::string &text) {
  for (char byte : bytes) {
    pending_[pendingSize_++] = byte;
    // A byte that breaks a character may itself begin the next one.
    while (pendingSize_ != 0) {
      Utf8Char c = decodeUtf8({pending_, pendingSize_}, 0);
      if (c.size == 0 && c.truncated)
        break;
      uint32_t used = c.size != 0 ? c.size : c.invalidSize;
      text.append(c.size != 0 ? std::string_view(pending_, used) : kReplacement);
      pendingSize_ -= used;
      for (uint32_t i = 0; i < pendingSize_; ++i)
        pending_[i] = pending_[used + i];
    }
  }
}

void Detokenizer::finish(std::string &text) {
  if (pendingSize_ != 0)
    text.append(kReplacement);
  pendingSize_ = 0;
}

} // namespace lobit
