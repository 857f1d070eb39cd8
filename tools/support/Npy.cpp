#include "tools/support/Npy.h"
#include "runtime/format/CheckedMath.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>

namespace lobit {

static constexpr uint64_t kMaxNpyHeader = 4096;

static Status malformed(const std::string &message) {
  return Status(StatusCode::MALFORMED, ".npy: " + message);
}

namespace {
/// The header is a Python dictionary with three keys, in any order.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Status parse(NpyDescription &header) {
    bool haveType = false, haveOrder = false, haveShape = false;
    if (!take('{'))
      return malformed("the header does not begin with {");
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':'))
        return malformed("the header is no dictionary of strings");
      if (key == "descr" && !haveType) {
        haveType = string(header.descr);
        if (!haveType)
          return Status(StatusCode::UNSUPPORTED,
                        ".npy: the elements are structures; save a plain array");
      } else if (key == "fortran_order" && !haveOrder) {
        haveOrder = true;
        header.fortranOrder = word("True");
        if (!header.fortranOrder && !word("False"))
          return malformed("fortran_order is neither True nor False");
      } else if (key == "shape" && !haveShape) {
        haveShape = true;
        if (!take('('))
          return malformed("the shape is no tuple");
        while (!take(')')) {
          uint64_t dim = 0;
          if (!number(dim))
            return malformed("the shape has something else than numbers");
          if (header.dims.size() == kMaxRank)
            return Status(StatusCode::RESOURCE_LIMIT, ".npy: more than 8 dimensions");
          header.dims.push_back(dim);
          if (!take(',')) {
            if (!take(')'))
              return malformed("the shape has no end");
            break;
          }
        }
      } else {
        return malformed("the header has the key '" + key + "' twice or it is not known");
      }
      if (!take(',')) {
        if (!take('}'))
          return malformed("the header has no end");
        break;
      }
    }
    space();
    if (at_ != text_.size())
      return malformed("something follows the header's dictionary");
    if (!haveType || !haveOrder || !haveShape)
      return malformed("the header lacks descr, fortran_order or shape");
    return {};
  }

private:
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n'))
      ++at_;
  }
  bool take(char c) {
    space();
    bool found = at_ < text_.size() && text_[at_] == c;
    at_ += found;
    return found;
  }
  bool word(std::string_view word) {
    space();
    bool found = text_.substr(at_, word.size()) == word;
    at_ += found ? word.size() : 0;
    return found;
  }
  bool string(std::string &out) {
    space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"'))
      return false;
    size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos)
      return false;
    out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }
  bool number(uint64_t &out) {
    space();
    size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (!checkedMul(out, 10, out) || !checkedAdd(out, uint64_t(text_[at_] - '0'), out))
        return false;
    return at_ != begin;
  }

  std::string_view text_;
  size_t at_ = 0;
};
} // namespace

Result<NpyDescription> parseNpyDescription(ByteView bytes) {
  if (bytes.size < 10 || memcmp(bytes.data, "\x93NUMPY", 6) != 0)
    return malformed("the file does not begin like one");
  uint32_t major = bytes.data[6];
  if (major < 1 || major > 3)
    return Status(StatusCode::UNSUPPORTED_VERSION,
                  ".npy: version " + std::to_string(major) + ", known are 1 to 3");
  uint64_t prefix = major == 1 ? 10 : 12;
  if (bytes.size < prefix)
    return malformed("the file ends inside its header");
  uint64_t size =
      major == 1 ? bytes.data[8] | uint64_t(bytes.data[9]) << 8 : loadU32(bytes.data + 8);
  if (size > kMaxNpyHeader - prefix)
    return Status(StatusCode::RESOURCE_LIMIT,
                  ".npy: a header of " + std::to_string(size) + " bytes");
  if (prefix + size > bytes.size)
    return malformed("the file ends inside its header");
  NpyDescription header;
  std::string_view text(reinterpret_cast<const char *>(bytes.data) + prefix, size);
  if (Status status = HeaderParser(text).parse(header); !status.ok())
    return status;
  header.dataOffset = prefix + size;
  header.elements = 1;
  for (uint64_t dim : header.dims)
    if (!checkedMul(header.elements, dim, header.elements))
      return Status(StatusCode::RESOURCE_LIMIT, ".npy: the shape is too large");
  return header;
}

Result<NpyHeader> parseNpyHeader(ByteView bytes, uint64_t fileBytes) {
  Result<NpyDescription> description = parseNpyDescription(bytes);
  if (!description.ok())
    return std::move(description).status();
  if (description->descr != "<f4" && description->descr != "<i4")
    return Status(StatusCode::UNSUPPORTED, ".npy: the element type is '" + description->descr +
                                               "', expected '<f4' or '<i4'; convert it "
                                               "with astype");
  if (description->fortranOrder)
    return Status(StatusCode::UNSUPPORTED,
                  ".npy: the data are in Fortran order; save a C-contiguous array");
  NpyHeader header;
  header.type = description->descr == "<f4" ? DataType::F32 : DataType::I32;
  header.dims = std::move(description->dims);
  header.elements = description->elements;
  header.dataOffset = description->dataOffset;
  uint64_t dataBytes = 0;
  if (!checkedMul(header.elements, 4, dataBytes))
    return Status(StatusCode::RESOURCE_LIMIT, ".npy: the shape is too large");
  if (fileBytes - header.dataOffset != dataBytes)
    return malformed("the shape needs " + std::to_string(dataBytes) +
                     " bytes of data, the file has " +
                     std::to_string(fileBytes - header.dataOffset));
  return header;
}

std::string npyHeader(DataType type, const std::vector<uint64_t> &dims) {
  std::string text = std::string("{'descr': '") + (type == DataType::F32 ? "<f4" : "<i4") +
                     "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < dims.size(); ++i)
    text += std::to_string(dims[i]) + (dims.size() == 1 ? "," : i + 1 < dims.size() ? ", " : "");
  text += "), }";
  while ((10 + text.size() + 1) % 64 != 0)
    text += ' ';
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(text.size() & 255);
  header += char(text.size() >> 8);
  return header + text;
}

Result<NpyReader> NpyReader::open(const std::string &path) {
  NpyReader reader;
  reader.path_ = path;
  reader.file_.reset(fopen(path.c_str(), "rbe"));
  struct stat info;
  if (!reader.file_ || fstat(fileno(reader.file_.get()), &info) != 0)
    return Status(StatusCode::IO, path + ": cannot be opened: " + strerror(errno));
  if (!S_ISREG(info.st_mode))
    return Status(StatusCode::IO, path + ": is not a regular file");
  uint8_t start[kMaxNpyHeader];
  uint64_t got = fread(start, 1, sizeof(start), reader.file_.get());
  Result<NpyHeader> header = parseNpyHeader({start, got}, uint64_t(info.st_size));
  if (!header.ok())
    return std::move(header).status().withContext(path);
  reader.header_ = *header;
  if (fseek(reader.file_.get(), long(header->dataOffset), SEEK_SET) != 0)
    return Status(StatusCode::IO, path + ": cannot be read: " + strerror(errno));
  return reader;
}

Status NpyReader::read(void *out, uint64_t count) {
  if (fread(out, 4, count, file_.get()) != count)
    return Status(StatusCode::IO, path_ + ": ends before its data do");
  return {};
}

Result<NpyArray> readNpy(const std::string &path) {
  Result<NpyReader> reader = NpyReader::open(path);
  if (!reader.ok())
    return std::move(reader).status();
  NpyArray array;
  array.header = reader->header();
  array.words.resize(array.header.elements);
  if (Status status = reader->read(array.words.data(), array.words.size()); !status.ok())
    return status;
  return array;
}

Status writeNpy(const std::string &path, DataType type, const std::vector<uint64_t> &dims,
                const void *data) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  uint64_t bytes = 4;
  for (uint64_t dim : dims)
    bytes *= dim;
  std::string header = npyHeader(type, dims);
  if (Status status = file->write(header.data(), header.size()); !status.ok())
    return status;
  if (Status status = file->write(data, bytes); !status.ok())
    return status;
  return file->commit();
}

} // namespace lobit
