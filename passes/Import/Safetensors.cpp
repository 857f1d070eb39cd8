#include "passes/Import/Safetensors.h"

#include "passes/Import/Json.h"
#include "runtime/format/CheckedMath.h"

#include <algorithm>

namespace lobit {

static constexpr uint64_t kLengthBytes = 8;
static constexpr uint64_t kMaxHeader = 100'000'000;
static constexpr uint64_t kMaxIndex = 100'000'000;
static constexpr size_t kMaxRank = 8;
static constexpr size_t kMaxName = 1024;
static constexpr size_t kMaxShards = 4096;

namespace {
struct TypeInfo {
  SafetensorsType type;
  const char *word;
  uint64_t bytes;
};
} // namespace

static const TypeInfo kTypes[] = {
#define LOBIT_SAFETENSORS_TYPE(Name, bits) {SafetensorsType::Name, #Name, (bits) / 8},
#include "passes/Import/SafetensorsTypes.inc"
};

const char *safetensorsTypeWord(SafetensorsType type) { return kTypes[size_t(type)].word; }
uint64_t safetensorsTypeBytes(SafetensorsType type) { return kTypes[size_t(type)].bytes; }

std::string shapeText(const std::vector<uint64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

static std::string quoted(const std::string &name) { return "tensor \"" + name + "\""; }

namespace {
/// A tensor with its range in the buffer that follows the header.
struct Entry {
  std::string name;
  SafetensorsTensor tensor;
  uint64_t begin = 0, end = 0;
};

struct Header {
  std::vector<Entry> entries;
  std::string format;
};
} // namespace

static Status checkName(const std::string &file, const std::string &name) {
  bool control = std::any_of(name.begin(), name.end(),
                             [](char c) { return uint8_t(c) < 0x20 || uint8_t(c) == 0x7F; });
  if (name.empty() || name.size() > kMaxName || control)
    return Status(StatusCode::MALFORMED, file + ": expected tensor names of 1 to " +
                                             std::to_string(kMaxName) +
                                             " bytes without control characters, found one of " +
                                             std::to_string(name.size()) + " bytes");
  return {};
}

static Status checkMetadata(const std::string &file, const JsonValue &value) {
  if (!value.isObject())
    return Status(StatusCode::MALFORMED,
                  file + ": __metadata__: expected an object, found " + value.kindText());
  for (const auto &[key, member] : value.object)
    if (!member.isString())
      return Status(StatusCode::MALFORMED, file + ": __metadata__: expected a string for \"" + key +
                                               "\", found " + member.kindText());
  return {};
}

static Result<Entry> readEntry(const std::string &file, const std::string &name,
                               const JsonValue &value, uint64_t bufferSize) {
  auto malformed = [&](const std::string &message) {
    return Status(StatusCode::MALFORMED, file + ": " + quoted(name) + ": " + message);
  };
  if (!value.isObject())
    return malformed(std::string("expected an object, found ") + value.kindText());
  const JsonValue *dtype = value.find("dtype"), *shape = value.find("shape"),
                  *offsets = value.find("data_offsets");
  if (!dtype || !shape || !offsets || value.object.size() != 3) {
    std::string found;
    for (const auto &member : value.object)
      found += (found.empty() ? "" : ", ") + member.first;
    return malformed("expected the keys dtype, shape and data_offsets, found " +
                     (found.empty() ? std::string("none") : found));
  }

  Entry entry;
  entry.name = name;
  const TypeInfo *type = nullptr;
  for (const TypeInfo &info : kTypes)
    if (dtype->isString() && dtype->string == info.word)
      type = &info;
  if (!type)
    return malformed(
        "expected a dtype of the safetensors format such as F32, BF16 or U8, found " +
        (dtype->isString() ? "\"" + dtype->string + "\"" : std::string(dtype->kindText())));
  entry.tensor.type = type->type;

  if (!shape->isArray() || shape->array.size() > kMaxRank)
    return malformed(
        "expected a shape of at most " + std::to_string(kMaxRank) + " dimensions, found " +
        (shape->isArray() ? std::to_string(shape->array.size()) : std::string(shape->kindText())));
  uint64_t bytes = type->bytes;
  bool overflow = false, empty = false;
  for (const JsonValue &dim : shape->array) {
    if (dim.kind != JsonValue::Kind::Unsigned)
      return malformed(
          std::string("expected natural numbers in its shape, found ") +
          (dim.kind == JsonValue::Kind::Negative ? std::to_string(dim.negative) : dim.kindText()));
    entry.tensor.shape.push_back(dim.natural);
    empty |= dim.natural == 0;
    overflow |= !checkedMul(bytes, dim.natural, bytes);
  }
  if (empty)
    bytes = 0;
  else if (overflow)
    return malformed("shape " + shapeText(entry.tensor.shape) + " of " + type->word +
                     " is larger than 2^64 bytes");

  if (!offsets->isArray() || offsets->array.size() != 2 ||
      offsets->array[0].kind != JsonValue::Kind::Unsigned ||
      offsets->array[1].kind != JsonValue::Kind::Unsigned)
    return malformed("expected data_offsets of two natural numbers");
  entry.begin = offsets->array[0].natural;
  entry.end = offsets->array[1].natural;
  std::string range = "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]";
  if (entry.begin > entry.end)
    return malformed("expected data_offsets that ascend, found " + range);
  if (entry.end > bufferSize)
    return Status(StatusCode::OUT_OF_BOUNDS, file + ": " + quoted(name) + ": data_offsets " +
                                                 range + " lie outside the file, which has " +
                                                 std::to_string(bufferSize) +
                                                 " bytes of tensors; is the download complete?");
  entry.tensor.size = entry.end - entry.begin;
  if (entry.tensor.size != bytes)
    return Status(StatusCode::MISMATCH,
                  file + ": " + quoted(name) + ": shape " + shapeText(entry.tensor.shape) + " of " +
                      type->word + " needs " + std::to_string(bytes) + " bytes, data_offsets " +
                      range + " hold " + std::to_string(entry.tensor.size));
  return entry;
}

static Status checkTiling(const std::string &file, std::vector<Entry> &entries,
                          uint64_t bufferSize) {
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  uint64_t end = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry &entry = entries[i];
    if (entry.begin > end)
      return Status(StatusCode::MALFORMED, file + ": " + quoted(entry.name) + ": starts at byte " +
                                               std::to_string(entry.begin) + ", expected " +
                                               std::to_string(end) + ": the tensors leave a hole");
    if (entry.begin < end)
      return Status(StatusCode::MALFORMED, file + ": " + quoted(entry.name) + ": starts at byte " +
                                               std::to_string(entry.begin) + ", expected " +
                                               std::to_string(end) + ": it overlaps " +
                                               quoted(entries[i - 1].name));
    end = entry.end;
  }
  if (end != bufferSize)
    return Status(StatusCode::MALFORMED, file + ": the tensors end at byte " + std::to_string(end) +
                                             ", the file has " + std::to_string(bufferSize) +
                                             " bytes of tensors");
  return {};
}

static Result<Header> readHeader(const MappedFile &file) {
  const std::string &path = file.path();
  auto malformed = [&](const std::string &message) {
    return Status(StatusCode::MALFORMED, path + ": " + message);
  };
  if (file.size() < kLengthBytes)
    return malformed("expected at least 8 bytes of a safetensors file, found " +
                     std::to_string(file.size()));
  uint64_t length = 0;
  for (unsigned i = 0; i < kLengthBytes; ++i)
    length |= uint64_t(file.bytes()[i]) << (8 * i);
  if (length > kMaxHeader)
    return Status(StatusCode::RESOURCE_LIMIT,
                  path + ": the header has " + std::to_string(length) + " bytes, the limit is " +
                      std::to_string(kMaxHeader) + "; is it a safetensors file?");
  if (length > file.size() - kLengthBytes)
    return Status(StatusCode::OUT_OF_BOUNDS, path + ": the header needs " + std::to_string(length) +
                                                 " bytes, the file has " +
                                                 std::to_string(file.size() - kLengthBytes) +
                                                 " after its length; is the download complete?");
  std::string_view header(reinterpret_cast<const char *>(file.bytes()) + kLengthBytes, length);
  if (header.empty() || header.front() != '{')
    return malformed("expected a header that starts with `{`");
  std::string_view json = header.substr(0, header.find_last_not_of(' ') + 1);
  if (json.back() != '}')
    return malformed("expected a header that ends with `}` and spaces");
  Result<JsonValue> root = parseJson(json, DuplicateKeys::Refuse, path + ": the header");
  if (!root.ok())
    return std::move(root).status();

  uint64_t bufferSize = file.size() - kLengthBytes - length;
  Header result;
  std::vector<Entry> &entries = result.entries;
  for (const auto &[name, value] : root->object) {
    if (name == "__metadata__") {
      if (Status status = checkMetadata(path, value); !status.ok())
        return status;
      if (const JsonValue *format = value.find("format"))
        result.format = format->string;
      continue;
    }
    if (Status status = checkName(path, name); !status.ok())
      return status;
    Result<Entry> entry = readEntry(path, name, value, bufferSize);
    if (!entry.ok())
      return std::move(entry).status();
    entry->tensor.bytes = file.bytes() + kLengthBytes + length + entry->begin;
    entries.push_back(std::move(*entry));
  }
  if (Status status = checkTiling(path, entries, bufferSize); !status.ok())
    return status;
  return result;
}

Status Safetensors::addFile(std::shared_ptr<MappedFile> file) {
  Result<Header> header = readHeader(*file);
  if (!header.ok())
    return std::move(header).status();
  size_t index = files_.size();
  for (Entry &entry : header->entries) {
    auto [where, inserted] = fileIndex_.emplace(entry.name, index);
    if (!inserted)
      return Status(StatusCode::AMBIGUOUS, file->path() + ": " + quoted(entry.name) +
                                               " is also in " + files_[where->second]->path());
    tensors_.emplace(entry.name, std::move(entry.tensor));
  }
  files_.push_back(std::move(file));
  formats_.push_back(std::move(header->format));
  return {};
}

const SafetensorsTensor *Safetensors::find(std::string_view name) const {
  auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

const std::string &Safetensors::fileOf(std::string_view name) const {
  return files_[fileIndex_.find(name)->second]->path();
}

const std::string &Safetensors::formatOf(std::string_view name) const {
  return formats_[fileIndex_.find(name)->second];
}

std::shared_ptr<MappedFile> Safetensors::ownerOf(std::string_view name) const {
  return files_[fileIndex_.find(name)->second];
}

Result<Safetensors> Safetensors::openFile(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file.ok())
    return std::move(file).status();
  Safetensors result;
  if (Status status = result.addFile(std::move(*file)); !status.ok())
    return status;
  return result;
}

Result<Safetensors> Safetensors::openSharded(const std::string &directory) {
  std::string indexPath = directory + "/model.safetensors.index.json";
  auto malformed = [&](const std::string &message) {
    return Status(StatusCode::MALFORMED, indexPath + ": " + message);
  };
  Result<std::string> text = readTextFile(indexPath, kMaxIndex);
  if (!text.ok())
    return std::move(text).status();
  Result<JsonValue> root = parseJson(*text, DuplicateKeys::Refuse, indexPath);
  if (!root.ok())
    return std::move(root).status();
  const JsonValue *map = root->find("weight_map");
  if (!map || !map->isObject())
    return malformed("expected an object `weight_map` from tensors to files");
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto &[name, file] : map->object) {
    if (!file.isString())
      return malformed(quoted(name) + ": expected the name of a file, found " + file.kindText());
    shards[file.string].push_back(name);
  }
  if (shards.size() > kMaxShards)
    return Status(StatusCode::RESOURCE_LIMIT,
                  indexPath + ": names " + std::to_string(shards.size()) + " files, the limit is " +
                      std::to_string(kMaxShards));
  Safetensors result;
  for (const auto &[name, expected] : shards) {
    Result<std::shared_ptr<MappedFile>> file = MappedFile::openInside(directory, name);
    if (!file.ok())
      return std::move(file).status().withContext(indexPath);
    std::string path = (*file)->path();
    size_t before = result.tensors_.size();
    if (Status status = result.addFile(std::move(*file)); !status.ok())
      return status;
    for (const std::string &tensor : expected)
      if (!result.find(tensor) || result.fileOf(tensor) != path)
        return Status(StatusCode::MISSING, indexPath + ": " + quoted(tensor) + ": expected in " +
                                               name + ", which does not have it");
    size_t found = result.tensors_.size() - before;
    if (found != expected.size())
      return Status(StatusCode::MISMATCH, path + ": has " + std::to_string(found) +
                                              " tensors, the index names " +
                                              std::to_string(expected.size()) + " of them");
  }
  return result;
}

} // namespace lobit
