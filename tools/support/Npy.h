/// \file
/// NumPy .npy files, versions 1 to 3: any header; data in little-endian f32 and i32, C order.
#ifndef LOBIT_TOOLS_SUPPORT_NPY_H
#define LOBIT_TOOLS_SUPPORT_NPY_H

#include "runtime/format/Artifact.h"
#include "tools/support/OutputFile.h"

#include <cstdio>
#include <memory>

namespace lobit {

/// What the header says, whatever the element type is.
struct NpyDescription {
  std::string descr; ///< "<f4"
  bool fortranOrder = false;
  std::vector<uint64_t> dims;
  uint64_t elements = 0;
  uint64_t dataOffset = 0;
};
Result<NpyDescription> parseNpyDescription(ByteView bytes);

struct NpyHeader {
  DataType type = DataType::F32;
  std::vector<uint64_t> dims;
  uint64_t elements = 0;
  uint64_t dataOffset = 0;
};

/// Reads a header from the first bytes of a file of `fileBytes`. MALFORMED unless the
/// data that follow have exactly the size of the shape.
Result<NpyHeader> parseNpyHeader(ByteView bytes, uint64_t fileBytes);
/// Version 1.0 with padding to 64 bytes, as NumPy writes it.
std::string npyHeader(DataType type, const std::vector<uint64_t> &dims);

/// Reads a file piece by piece.
class NpyReader {
public:
  static Result<NpyReader> open(const std::string &path);
  const NpyHeader &header() const { return header_; }
  /// The next `count` elements of 4 bytes.
  Status read(void *out, uint64_t count);

private:
  struct Close {
    void operator()(FILE *file) const { fclose(file); }
  };
  std::unique_ptr<FILE, Close> file_;
  std::string path_;
  NpyHeader header_;
};

struct NpyArray {
  NpyHeader header;
  std::vector<uint32_t> words; ///< elements, bit for bit
};
Result<NpyArray> readNpy(const std::string &path);
/// `data` has as many elements of 4 bytes as the shape.
Status writeNpy(const std::string &path, DataType type, const std::vector<uint64_t> &dims,
                const void *data);

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_NPY_H
