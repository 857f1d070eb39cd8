#include "passes/Import/TokenizerJson.h"

#include "passes/Import/Json.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace lobit {

namespace {

/// The alphabet of byte-level BPE: printable bytes stand for themselves, the other 68
/// for U+0100, U+0101, ... in ascending order.
class ByteAlphabet {
public:
  ByteAlphabet() {
    unsigned next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      bool printable =
          (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      byteOf_[printable ? byte : next++] = int16_t(byte);
    }
  }

  /// The bytes that `text` (valid UTF-8) spells, or nothing when a character is outside
  /// the alphabet.
  std::optional<std::string> decode(std::string_view text) const {
    std::string bytes;
    for (size_t i = 0; i < text.size(); ++i) {
      unsigned code = uint8_t(text[i]);
      if (code >= 0x80) { // The alphabet ends at U+0143: two bytes.
        if (code >= 0xE0 || i + 1 == text.size())
          return std::nullopt;
        code = (code & 0x1F) << 6 | (uint8_t(text[++i]) & 0x3F);
      }
      auto found = byteOf_.find(code);
      if (found == byteOf_.end())
        return std::nullopt;
      bytes.push_back(char(found->second));
    }
    return bytes;
  }

private:
  std::unordered_map<unsigned, int16_t> byteOf_;
};

class Importer {
public:
  Importer(const TokenizerLimits &limits, const std::string &what) : limits_(limits), what_(what) {}

  Result<TokenizerData> run(const JsonValue &root);

private:
  Status malformed(const std::string &message) const {
    return Status(StatusCode::MALFORMED, what_ + ": " + message);
  }
  Status unsupported(const std::string &message) const {
    return Status(StatusCode::UNSUPPORTED, what_ + ": " + message);
  }

  Status readModel(const JsonValue &root);
  Status readVocab(const JsonValue &model);
  Status readMerges(const JsonValue &model);
  Status readAdded(const JsonValue &root);
  Status readNormalizer(const JsonValue &root);
  Status readPreTokenizer(const JsonValue &root);
  Status readByteLevel(const JsonValue &step, bool useRegex);
  Status readPostProcessor(const JsonValue &root);
  Status readTemplate(const JsonValue &step);
  Status readDecoder(const JsonValue &root);
  Status setToken(uint64_t id, const std::string &bytes, const std::string &name);

  const TokenizerLimits &limits_;
  const std::string &what_;
  TokenizerData data_;
  std::unordered_set<uint64_t> addedIds_;
  /// Ids of the vocabulary as spelled in the file.
  std::unordered_map<std::string, uint32_t> idOf_;
};

} // namespace

static std::string typeOf(const JsonValue *value) {
  if (!value)
    return "no such key";
  const JsonValue *type = value->find("type");
  return type && type->isString() ? "\"" + type->string + "\"" : std::string(value->kindText());
}

static bool isType(const JsonValue *value, std::string_view type) {
  const JsonValue *member = value ? value->find("type") : nullptr;
  return member && member->isString() && member->string == type;
}

static bool isTrue(const JsonValue &object, std::string_view key) {
  const JsonValue *value = object.find(key);
  return value && value->kind == JsonValue::Kind::Bool && value->boolean;
}

static bool isPresent(const JsonValue *value) { return value && !value->isNull(); }

Status Importer::setToken(uint64_t id, const std::string &bytes, const std::string &name) {
  if (id >= limits_.vocab)
    return Status(StatusCode::MISMATCH, what_ + ": token \"" + name + "\" has id " +
                                            std::to_string(id) + ", config.json has vocab_size " +
                                            std::to_string(limits_.vocab));
  if (bytes.empty())
    return malformed("token " + std::to_string(id) + " is empty");
  if (data_.tokens.size() <= id)
    data_.tokens.resize(id + 1);
  if (!data_.tokens[id].empty() && data_.tokens[id] != bytes)
    return malformed("id " + std::to_string(id) + " has two spellings, one is \"" + name + "\"");
  data_.tokens[id] = bytes;
  return {};
}

Status Importer::readVocab(const JsonValue &model) {
  static const ByteAlphabet alphabet;
  const JsonValue *vocab = model.find("vocab");
  if (!vocab || !vocab->isObject())
    return malformed("model.vocab: expected an object from tokens to ids");
  for (const auto &[name, id] : vocab->object) {
    if (id.kind != JsonValue::Kind::Unsigned)
      return malformed("model.vocab: token \"" + name + "\": expected an id, found " +
                       id.kindText());
    // An added token is spelled as it is, and may be listed here too.
    if (addedIds_.count(id.natural))
      continue;
    std::optional<std::string> bytes = alphabet.decode(name);
    if (!bytes)
      return unsupported("model.vocab: token \"" + name +
                         "\" has a character outside the byte-level alphabet; only byte-level "
                         "BPE is supported");
    if (id.natural < data_.tokens.size() && !data_.tokens[id.natural].empty())
      return malformed("model.vocab: id " + std::to_string(id.natural) + " has two tokens");
    if (Status status = setToken(id.natural, *bytes, name); !status.ok())
      return status;
    idOf_.emplace(name, uint32_t(id.natural));
  }
  return {};
}

Status Importer::readMerges(const JsonValue &model) {
  const JsonValue *merges = model.find("merges");
  if (!merges || !merges->isArray())
    return malformed("model.merges: expected an array");
  for (size_t rank = 0; rank < merges->array.size(); ++rank) {
    const JsonValue &merge = merges->array[rank];
    std::string where = "model.merges: merge " + std::to_string(rank) + ": ";
    std::string left, right;
    // Both spellings: "a b" and ["a", "b"].
    if (merge.isString()) {
      size_t space = merge.string.find(' ');
      if (space == std::string::npos || merge.string.find(' ', space + 1) != std::string::npos)
        return malformed(where + "expected two tokens with one space between, found \"" +
                         merge.string + "\"");
      left = merge.string.substr(0, space);
      right = merge.string.substr(space + 1);
    } else if (merge.isArray() && merge.array.size() == 2 && merge.array[0].isString() &&
               merge.array[1].isString()) {
      left = merge.array[0].string;
      right = merge.array[1].string;
    } else {
      return malformed(where + "expected a string or two strings, found " + merge.kindText());
    }
    uint32_t ids[3];
    const std::string *parts[3] = {&left, &right, nullptr};
    std::string joined = left + right;
    parts[2] = &joined;
    for (unsigned i = 0; i < 3; ++i) {
      auto found = idOf_.find(*parts[i]);
      if (found == idOf_.end())
        return malformed(where + "\"" + *parts[i] + "\" is not in model.vocab");
      ids[i] = found->second;
    }
    data_.merges.push_back({ids[0], ids[1], ids[2]});
  }
  return {};
}

Status Importer::readModel(const JsonValue &root) {
  const JsonValue *model = root.find("model");
  // Old files have no type; only BPE has merges.
  if (!model || !model->isObject() ||
      (model->find("type") ? !isType(model, "BPE") : !model->find("merges")))
    return unsupported("model: type " + typeOf(model) +
                       " is not supported; expected \"BPE\" on bytes");
  for (const char *key : {"dropout", "unk_token"})
    if (isPresent(model->find(key)))
      return unsupported(std::string("model.") + key + " is not supported; expected null");
  for (const char *key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (const JsonValue *value = model->find(key);
        isPresent(value) && !(value->isString() && value->string.empty()))
      return unsupported(std::string("model.") + key + " is not supported; expected null");
  if (isTrue(*model, "byte_fallback"))
    return unsupported("model.byte_fallback is not supported; only byte-level BPE is");
  data_.ignoreMerges = isTrue(*model, "ignore_merges");
  if (Status status = readVocab(*model); !status.ok())
    return status;
  return readMerges(*model);
}

Status Importer::readAdded(const JsonValue &root) {
  const JsonValue *added = root.find("added_tokens");
  if (!isPresent(added))
    return {};
  if (!added->isArray())
    return malformed(std::string("added_tokens: expected an array, found ") + added->kindText());
  for (const JsonValue &token : added->array) {
    const JsonValue *id = token.find("id"), *content = token.find("content");
    if (!id || id->kind != JsonValue::Kind::Unsigned || !content || !content->isString())
      return malformed("added_tokens: expected objects with an id and a content");
    for (const char *key : {"single_word", "lstrip", "rstrip"})
      if (isTrue(token, key))
        return unsupported("added_tokens: token \"" + content->string + "\": " + key +
                           " is not supported; expected false");
    bool ascii = std::all_of(content->string.begin(), content->string.end(),
                             [](char c) { return uint8_t(c) < 0x80; });
    if (data_.normalizer != Normalizer::None && isTrue(token, "normalized") && !ascii)
      return unsupported("added_tokens: token \"" + content->string +
                         "\": normalized is not supported for tokens beyond ASCII");
    if (Status status = setToken(id->natural, content->string, content->string); !status.ok())
      return status;
    data_.added.push_back({uint32_t(id->natural), isTrue(token, "special")});
    addedIds_.insert(id->natural);
  }
  return {};
}

Status Importer::readNormalizer(const JsonValue &root) {
  const JsonValue *normalizer = root.find("normalizer");
  if (!isPresent(normalizer))
    return {};
  const JsonValue *steps = normalizer->find("normalizers");
  bool empty = isType(normalizer, "Sequence") && steps && steps->isArray() && steps->array.empty();
  if (empty)
    return {};
  if (!isType(normalizer, "NFC"))
    return unsupported("normalizer: type " + typeOf(normalizer) +
                       " is not supported; expected none or \"NFC\"");
  data_.normalizer = Normalizer::Nfc;
  return {};
}

Status Importer::readByteLevel(const JsonValue &step, bool useRegex) {
  if (isTrue(step, "add_prefix_space"))
    return unsupported("pre_tokenizer: add_prefix_space is not supported; expected false");
  const JsonValue *regex = step.find("use_regex");
  bool uses = !regex || regex->kind != JsonValue::Kind::Bool || regex->boolean;
  if (uses != useRegex)
    return unsupported(std::string("pre_tokenizer: ByteLevel: expected use_regex ") +
                       (useRegex ? "true" : "false") + ", found " + (uses ? "true" : "false"));
  return {};
}

Status Importer::readPreTokenizer(const JsonValue &root) {
  const JsonValue *value = root.find("pre_tokenizer");
  if (isType(value, "ByteLevel")) {
    data_.preTokenizer = PreTokenizer::Gpt2;
    return readByteLevel(*value, /*useRegex=*/true);
  }
  const JsonValue *steps = value ? value->find("pretokenizers") : nullptr;
  bool sequence = isType(value, "Sequence") && steps && steps->isArray();
  if (sequence && steps->array.size() == 1 && isType(&steps->array[0], "ByteLevel")) {
    data_.preTokenizer = PreTokenizer::Gpt2;
    return readByteLevel(steps->array[0], /*useRegex=*/true);
  }
  if (!sequence || steps->array.size() != 2 || !isType(&steps->array[0], "Split") ||
      !isType(&steps->array[1], "ByteLevel")) {
    std::string found = typeOf(value);
    if (sequence) {
      found = "Sequence of";
      for (const JsonValue &step : steps->array)
        found += " " + typeOf(&step);
    }
    return unsupported("pre_tokenizer: " + found +
                       " is not supported; expected \"ByteLevel\", or \"Split\" by a known "
                       "expression and \"ByteLevel\"");
  }
  const JsonValue &split = steps->array[0];
  const JsonValue *pattern = split.find("pattern"), *behavior = split.find("behavior");
  const JsonValue *regex = pattern ? pattern->find("Regex") : nullptr;
  if (!regex || !regex->isString() || !behavior || !behavior->isString() ||
      behavior->string != "Isolated" || isTrue(split, "invert"))
    return unsupported("pre_tokenizer: Split: expected a Regex with behavior \"Isolated\" that "
                       "is not inverted");
  std::optional<PreTokenizer> kind = findPreTokenizerByRegex(regex->string);
  if (!kind) {
    unsigned count = 0;
    const PreTokenizerInfo *all = allPreTokenizers(count);
    std::string known;
    for (unsigned i = 0; i < count; ++i)
      known += std::string(i ? ", " : "") + all[i].word;
    return unsupported("pre_tokenizer: the expression `" + regex->string +
                       "` is not known; known are those of " + known);
  }
  data_.preTokenizer = *kind;
  return readByteLevel(steps->array[1], /*useRegex=*/false);
}

Status Importer::readTemplate(const JsonValue &step) {
  // Known: the sequence alone, or one special token and the sequence.
  const JsonValue *single = step.find("single");
  std::vector<const JsonValue *> parts;
  if (single && single->isArray())
    for (const JsonValue &part : single->array)
      parts.push_back(&part);
  bool endsWithText = !parts.empty() && parts.back()->find("Sequence");
  if (endsWithText && parts.size() == 1)
    return {};
  const JsonValue *special = parts.size() == 2 ? parts.front()->find("SpecialToken") : nullptr;
  const JsonValue *name = special ? special->find("id") : nullptr;
  if (!endsWithText || !name || !name->isString())
    return unsupported("post_processor: expected a template of at most one special token before "
                       "the text");
  const JsonValue *table = step.find("special_tokens");
  const JsonValue *entry = table ? table->find(name->string) : nullptr;
  const JsonValue *ids = entry ? entry->find("ids") : nullptr;
  if (!ids || !ids->isArray() || ids->array.size() != 1 ||
      ids->array[0].kind != JsonValue::Kind::Unsigned)
    return malformed("post_processor: special_tokens: expected one id for \"" + name->string +
                     "\"");
  uint64_t id = ids->array[0].natural;
  if (id >= limits_.vocab)
    return malformed("post_processor: \"" + name->string + "\" has id " + std::to_string(id) +
                     ", config.json has vocab_size " + std::to_string(limits_.vocab));
  if (limits_.bos && *limits_.bos != id)
    return Status(StatusCode::MISMATCH, what_ + ": post_processor: \"" + name->string +
                                            "\" has id " + std::to_string(id) +
                                            ", config.json has bos_token_id " +
                                            std::to_string(*limits_.bos));
  data_.bos = uint32_t(id);
  data_.addBos = true;
  return {};
}

Status Importer::readPostProcessor(const JsonValue &root) {
  const JsonValue *value = root.find("post_processor");
  if (!isPresent(value))
    return {};
  std::vector<const JsonValue *> steps = {value};
  if (isType(value, "Sequence")) {
    steps.clear();
    if (const JsonValue *list = value->find("processors"); list && list->isArray())
      for (const JsonValue &step : list->array)
        steps.push_back(&step);
  }
  for (const JsonValue *step : steps) {
    if (isType(step, "ByteLevel")) // Only moves offsets.
      continue;
    if (!isType(step, "TemplateProcessing"))
      return unsupported("post_processor: type " + typeOf(step) +
                         " is not supported; expected \"TemplateProcessing\" or \"ByteLevel\"");
    if (Status status = readTemplate(*step); !status.ok())
      return status;
  }
  return {};
}

Status Importer::readDecoder(const JsonValue &root) {
  const JsonValue *value = root.find("decoder");
  if (!isPresent(value) || isType(value, "ByteLevel"))
    return {};
  return unsupported("decoder: type " + typeOf(value) +
                     " is not supported; expected \"ByteLevel\"");
}

Result<TokenizerData> Importer::run(const JsonValue &root) {
  if (!root.isObject())
    return malformed(std::string("expected an object, found ") + root.kindText());
  data_.bos = limits_.bos;
  data_.eos = limits_.eos;
  for (Status (Importer::*step)(const JsonValue &) :
       {&Importer::readNormalizer, &Importer::readPreTokenizer, &Importer::readPostProcessor,
        &Importer::readDecoder, &Importer::readAdded, &Importer::readModel})
    if (Status status = (this->*step)(root); !status.ok())
      return status;
  // Ids that config.json names and the tokenizer does not have are never produced.
  uint32_t count = uint32_t(data_.tokens.size());
  if (data_.bos && *data_.bos >= count)
    return Status(StatusCode::MISMATCH, what_ + ": bos_token_id " + std::to_string(*data_.bos) +
                                            " of config.json is not one of its " +
                                            std::to_string(count) + " tokens");
  for (uint32_t id : data_.eos)
    if (id >= count)
      return Status(StatusCode::MISMATCH, what_ + ": eos_token_id " + std::to_string(id) +
                                              " of config.json is not one of its " +
                                              std::to_string(count) + " tokens");
  return std::move(data_);
}

Result<TokenizerData> parseTokenizerJson(std::string_view text, const TokenizerLimits &limits,
                                         const std::string &what) {
  Result<JsonValue> root = parseJson(text, DuplicateKeys::Refuse, what);
  if (!root.ok())
    return std::move(root).status();
  return Importer(limits, what).run(*root);
}

} // namespace lobit
