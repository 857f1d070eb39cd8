#include "runtime/format/TokenizerFormat.h"
#include "runtime/format/CheckedMath.h"

#include <algorithm>
#include <cstring>

namespace lobit {

static const PreTokenizerInfo kPreTokenizers[] = {
#define LOBIT_PRE_TOKENIZER(EnumName, id, word, regex) {PreTokenizer::EnumName, word, regex},
#include "runtime/format/PreTokenizers.inc"
};
static constexpr unsigned kPreTokenizerCount = sizeof(kPreTokenizers) / sizeof(kPreTokenizers[0]);

static constexpr uint32_t kHeaderWords = 16;
static constexpr uint32_t kNoBos = 0xFFFFFFFFu;
static constexpr uint32_t kFlagAddBos = 1, kFlagIgnoreMerges = 2;
static constexpr uint32_t kAddedSpecial = 1;

const PreTokenizerInfo *allPreTokenizers(unsigned &count) {
  count = kPreTokenizerCount;
  return kPreTokenizers;
}

std::optional<PreTokenizer> findPreTokenizerByRegex(std::string_view regex) {
  for (const PreTokenizerInfo &info : kPreTokenizers)
    if (regex == info.regex)
      return info.kind;
  return std::nullopt;
}

const char *preTokenizerWord(PreTokenizer kind) {
  for (const PreTokenizerInfo &info : kPreTokenizers)
    if (info.kind == kind)
      return info.word;
  return "unknown";
}

static uint32_t load32(const uint8_t *p) {
  return uint32_t(p[0]) | uint32_t(p[1]) << 8 | uint32_t(p[2]) << 16 | uint32_t(p[3]) << 24;
}

static Status malformed(std::string message) {
  return Status(StatusCode::MALFORMED, "tokenizer: " + std::move(message));
}

static Status overLimit(const char *what, uint64_t found, uint64_t limit) {
  return Status(StatusCode::RESOURCE_LIMIT, "tokenizer: " + std::to_string(found) + " " + what +
                                                ", the limit is " + std::to_string(limit));
}

Result<std::vector<uint8_t>> encodeTokenizer(const TokenizerData &data) {
  // Checked here as well as by the view, because the header's fields are 32 bits wide.
  if (data.tokens.size() > TokenizerView::kMaxTokens)
    return overLimit("tokens", data.tokens.size(), TokenizerView::kMaxTokens);
  if (data.merges.size() > TokenizerView::kMaxMerges)
    return overLimit("merges", data.merges.size(), TokenizerView::kMaxMerges);
  if (data.added.size() > TokenizerView::kMaxAdded)
    return overLimit("added tokens", data.added.size(), TokenizerView::kMaxAdded);
  if (data.eos.size() > TokenizerView::kMaxEos)
    return overLimit("end-of-sequence ids", data.eos.size(), TokenizerView::kMaxEos);
  uint64_t pool = 0;
  for (const std::string &token : data.tokens) {
    if (token.size() > TokenizerView::kMaxTokenBytes)
      return overLimit("bytes in one token", token.size(), TokenizerView::kMaxTokenBytes);
    pool += token.size();
  }
  if (pool > UINT32_MAX)
    return overLimit("bytes of tokens", pool, UINT32_MAX);

  std::vector<uint8_t> out;
  auto word = [&](uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8)
      out.push_back(uint8_t(value >> shift));
  };
  word(TokenizerView::kVersion);
  word(uint32_t(data.preTokenizer));
  word(uint32_t(data.normalizer));
  word((data.addBos ? kFlagAddBos : 0) | (data.ignoreMerges ? kFlagIgnoreMerges : 0));
  word(uint32_t(data.tokens.size()));
  word(uint32_t(data.merges.size()));
  word(uint32_t(data.added.size()));
  word(uint32_t(data.eos.size()));
  word(data.bos ? *data.bos : kNoBos);
  word(uint32_t(pool));
  for (uint32_t i = 10; i < kHeaderWords; ++i)
    word(0);
  uint32_t offset = 0;
  word(0);
  for (const std::string &token : data.tokens)
    word(offset += uint32_t(token.size()));
  for (const TokenizerMerge &merge : data.merges) {
    word(merge.left);
    word(merge.right);
    word(merge.result);
  }
  for (const AddedToken &added : data.added) {
    word(added.id);
    word(added.special ? kAddedSpecial : 0);
  }
  for (uint32_t id : data.eos)
    word(id);
  for (const std::string &token : data.tokens)
    out.insert(out.end(), token.begin(), token.end());

  Result<TokenizerView> check = TokenizerView::open(out.data(), out.size());
  if (!check.ok())
    return std::move(check).status();
  return out;
}

std::string_view TokenizerView::token(uint32_t id) const {
  if (id >= tokenCount_)
    return {};
  uint32_t begin = load32(offsets_ + 4 * uint64_t(id));
  uint32_t end = load32(offsets_ + 4 * uint64_t(id) + 4);
  return {reinterpret_cast<const char *>(pool_) + begin, end - begin};
}

TokenizerMerge TokenizerView::merge(uint32_t rank) const {
  const uint8_t *p = merges_ + 12 * uint64_t(rank);
  return {load32(p), load32(p + 4), load32(p + 8)};
}

AddedToken TokenizerView::added(uint32_t index) const {
  const uint8_t *p = added_ + 8 * uint64_t(index);
  return {load32(p), (load32(p + 4) & kAddedSpecial) != 0};
}

uint32_t TokenizerView::eos(uint32_t index) const { return load32(eos_ + 4 * uint64_t(index)); }

Result<TokenizerView> TokenizerView::open(const uint8_t *bytes, uint64_t size) {
  if (size < 4 * kHeaderWords)
    return malformed("the section has " + std::to_string(size) + " bytes, its header needs " +
                     std::to_string(4 * kHeaderWords));
  uint32_t header[kHeaderWords];
  for (uint32_t i = 0; i < kHeaderWords; ++i)
    header[i] = load32(bytes + 4 * i);
  if (header[0] != kVersion)
    return Status(StatusCode::UNSUPPORTED_VERSION,
                  "tokenizer: section version " + std::to_string(header[0]) +
                      ", this build reads version " + std::to_string(kVersion));
  TokenizerView view;
  bool known = false;
  for (const PreTokenizerInfo &info : kPreTokenizers)
    known |= uint32_t(info.kind) == header[1];
  if (!known)
    return Status(StatusCode::UNSUPPORTED,
                  "tokenizer: pre-tokenizer id " + std::to_string(header[1]) + " is not known");
  if (header[2] > uint32_t(Normalizer::Nfc))
    return Status(StatusCode::UNSUPPORTED,
                  "tokenizer: normalizer id " + std::to_string(header[2]) + " is not known");
  if (header[3] & ~(kFlagAddBos | kFlagIgnoreMerges))
    return Status(StatusCode::UNSUPPORTED,
                  "tokenizer: flags " + std::to_string(header[3]) + " are not all known");
  for (uint32_t i = 10; i < kHeaderWords; ++i)
    if (header[i] != 0)
      return malformed("reserved header word " + std::to_string(i) + " is not zero");
  view.preTokenizer_ = PreTokenizer(header[1]);
  view.normalizer_ = Normalizer(header[2]);
  view.addBos_ = header[3] & kFlagAddBos;
  view.ignoreMerges_ = header[3] & kFlagIgnoreMerges;
  view.tokenCount_ = header[4];
  view.mergeCount_ = header[5];
  view.addedCount_ = header[6];
  view.eosCount_ = header[7];
  uint32_t poolBytes = header[9];
  if (view.tokenCount_ > kMaxTokens)
    return overLimit("tokens", view.tokenCount_, kMaxTokens);
  if (view.mergeCount_ > kMaxMerges)
    return overLimit("merges", view.mergeCount_, kMaxMerges);
  if (view.addedCount_ > kMaxAdded)
    return overLimit("added tokens", view.addedCount_, kMaxAdded);
  if (view.eosCount_ > kMaxEos)
    return overLimit("end-of-sequence ids", view.eosCount_, kMaxEos);

  // No sum below can overflow: every count was bounded above.
  uint64_t offset = 4 * uint64_t(kHeaderWords);
  view.offsets_ = bytes + offset;
  offset += 4 * (uint64_t(view.tokenCount_) + 1);
  uint64_t mergesAt = offset;
  offset += 12 * uint64_t(view.mergeCount_);
  uint64_t addedAt = offset;
  offset += 8 * uint64_t(view.addedCount_);
  uint64_t eosAt = offset;
  offset += 4 * uint64_t(view.eosCount_);
  uint64_t poolAt = offset;
  offset += poolBytes;
  if (offset != size)
    return malformed("the header's counts need " + std::to_string(offset) +
                     " bytes, the section has " + std::to_string(size));
  view.merges_ = bytes + mergesAt;
  view.added_ = bytes + addedAt;
  view.eos_ = bytes + eosAt;
  view.pool_ = bytes + poolAt;

  uint32_t previous = load32(view.offsets_);
  if (previous != 0)
    return malformed("the first token offset is " + std::to_string(previous) + ", expected 0");
  for (uint32_t id = 0; id < view.tokenCount_; ++id) {
    uint32_t end = load32(view.offsets_ + 4 * (uint64_t(id) + 1));
    if (end < previous || end > poolBytes)
      return malformed("token " + std::to_string(id) + " ends at byte " + std::to_string(end) +
                       " of a pool of " + std::to_string(poolBytes) + ", the one before at " +
                       std::to_string(previous));
    if (end - previous > kMaxTokenBytes)
      return overLimit("bytes in one token", end - previous, kMaxTokenBytes);
    previous = end;
  }
  if (previous != poolBytes)
    return malformed("the last token ends at byte " + std::to_string(previous) + ", the pool has " +
                     std::to_string(poolBytes));

  auto checkId = [&](uint32_t id, const std::string &what) -> Status {
    if (id < view.tokenCount_)
      return {};
    return malformed(what + " names id " + std::to_string(id) + " of " +
                     std::to_string(view.tokenCount_));
  };
  std::vector<uint64_t> pairs;
  pairs.reserve(view.mergeCount_);
  for (uint32_t rank = 0; rank < view.mergeCount_; ++rank) {
    TokenizerMerge merge = view.merge(rank);
    for (uint32_t id : {merge.left, merge.right, merge.result})
      if (Status status = checkId(id, "merge " + std::to_string(rank)); !status.ok())
        return status;
    std::string_view left = view.token(merge.left), right = view.token(merge.right),
                     result = view.token(merge.result);
    if (left.empty() || right.empty() || result.size() != left.size() + right.size() ||
        result.substr(0, left.size()) != left || result.substr(left.size()) != right)
      return malformed("merge " + std::to_string(rank) + ": token " + std::to_string(merge.result) +
                       " does not spell tokens " + std::to_string(merge.left) + " and " +
                       std::to_string(merge.right));
    pairs.push_back(uint64_t(merge.left) << 32 | merge.right);
  }
  std::sort(pairs.begin(), pairs.end());
  auto twice = std::adjacent_find(pairs.begin(), pairs.end());
  if (twice != pairs.end())
    return malformed("the pair " + std::to_string(*twice >> 32) + ", " +
                     std::to_string(*twice & 0xFFFFFFFFu) + " is merged twice");

  std::vector<bool> isAdded(view.tokenCount_, false);
  for (uint32_t i = 0; i < view.addedCount_; ++i) {
    AddedToken added = view.added(i);
    if (Status status = checkId(added.id, "added token " + std::to_string(i)); !status.ok())
      return status;
    if (load32(view.added_ + 8 * uint64_t(i) + 4) & ~kAddedSpecial)
      return Status(StatusCode::UNSUPPORTED,
                    "tokenizer: flags of added token " + std::to_string(i) + " are not known");
    if (isAdded[added.id])
      return malformed("token " + std::to_string(added.id) + " is added twice");
    if (view.token(added.id).empty())
      return malformed("added token " + std::to_string(added.id) + " is empty");
    isAdded[added.id] = true;
  }
  for (uint32_t i = 0; i < view.eosCount_; ++i)
    if (Status status = checkId(view.eos(i), "end of sequence"); !status.ok())
      return status;
  if (header[8] != kNoBos) {
    if (Status status = checkId(header[8], "beginning of sequence"); !status.ok())
      return status;
    view.bos_ = header[8];
  }
  if (view.addBos_ && !view.bos_)
    return malformed("add_bos is set but there is no bos id");

  bool haveByte[256] = {};
  for (uint32_t id = 0; id < view.tokenCount_; ++id)
    if (std::string_view token = view.token(id); token.size() == 1 && !isAdded[id])
      haveByte[uint8_t(token[0])] = true;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bool inUtf8 = byte < 0xC0 || (byte >= 0xC2 && byte <= 0xF4);
    if (inUtf8 && !haveByte[byte])
      return malformed("byte " + std::to_string(byte) +
                       " is no token; a byte-level vocabulary has all bytes of UTF-8");
  }
  return view;
}

} // namespace lobit
