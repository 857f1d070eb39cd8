#include "tools/support/NpyNumbers.h"
#include "runtime/format/CheckedMath.h"

#include <cmath>
#include <cstring>

namespace lobit {
namespace {

double halfValue(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 31)
    return mantissa ? NAN : sign * INFINITY;
  return sign *
         (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

template <typename T> double bitsAs(uint64_t bits) {
  T value;
  memcpy(&value, &bits, sizeof(value)); // the host is little-endian, as x86 and Arm are
  return double(value);
}

struct ElementType {
  char kind = 0; ///< f, i, u
  uint32_t bytes = 0;
  bool bigEndian = false;

  double value(const uint8_t *at) const {
    uint64_t bits = 0;
    for (uint32_t i = 0; i < bytes; ++i)
      bits |= uint64_t(at[i]) << 8 * (bigEndian ? bytes - 1 - i : i);
    switch (kind) {
    case 'f':
      return bytes == 2   ? halfValue(uint16_t(bits))
             : bytes == 4 ? bitsAs<float>(bits)
                          : bitsAs<double>(bits);
    case 'i':
      return double(int64_t(bits << (64 - 8 * bytes)) >> (64 - 8 * bytes));
    default:
      return double(bits);
    }
  }
};

Result<ElementType> parseElementType(const std::string &descr) {
  ElementType type;
  const bool known = descr.size() == 3 && std::string("<>|=").find(descr[0]) != std::string::npos;
  if (known) {
    type.bigEndian = descr[0] == '>';
    type.kind = descr[1];
    type.bytes = uint32_t(descr[2] - '0');
    const bool size = type.bytes == 1 || type.bytes == 2 || type.bytes == 4 || type.bytes == 8;
    if (size && (type.kind == 'i' || type.kind == 'u' || (type.kind == 'f' && type.bytes != 1)))
      return type;
  }
  return Status(StatusCode::UNSUPPORTED,
                ".npy: the element type is '" + descr + "', expected " +
                    (descr.find('O') != std::string::npos
                         ? "numbers; Python objects (pickle) are never read"
                         : "f2, f4, f8 or integers; convert it with astype"));
}

} // namespace

Result<NpyNumbers> parseNpyNumbers(ByteView file) {
  Result<NpyDescription> header =
      parseNpyDescription({file.data, std::min<uint64_t>(file.size, 4096)});
  if (!header.ok())
    return std::move(header).status();
  Result<ElementType> type = parseElementType(header->descr);
  if (!type.ok())
    return std::move(type).status();
  uint64_t bytes = 0;
  if (!checkedMul(header->elements, type->bytes, bytes) || file.size - header->dataOffset != bytes)
    return Status(StatusCode::MALFORMED, ".npy: the shape and the size of the data disagree");
  NpyNumbers out;
  out.dims = header->dims;
  out.values.resize(header->elements);
  const uint8_t *data = file.data + header->dataOffset;
  if (!header->fortranOrder) {
    for (uint64_t i = 0; i < header->elements; ++i)
      out.values[i] = type->value(data + i * type->bytes);
    return out;
  }
  // Fortran order: the first index runs fastest.
  std::vector<uint64_t> index(out.dims.size(), 0);
  for (uint64_t i = 0; i < header->elements; ++i) {
    uint64_t place = 0;
    for (size_t d = 0; d < index.size(); ++d)
      place = place * out.dims[d] + index[d];
    out.values[place] = type->value(data + i * type->bytes);
    for (size_t d = 0; d < index.size() && ++index[d] == out.dims[d]; ++d)
      index[d] = 0;
  }
  return out;
}

std::string npyF64(const std::vector<uint64_t> &dims, const std::vector<double> &values) {
  std::string file = npyHeader(DataType::F32, dims);
  file.replace(file.find("<f4"), 3, "<f8");
  const size_t begin = file.size();
  file.resize(begin + 8 * values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    uint64_t bits;
    memcpy(&bits, &values[i], sizeof(bits));
    storeU64(reinterpret_cast<uint8_t *>(&file[begin + 8 * i]), bits);
  }
  return file;
}

} // namespace lobit
