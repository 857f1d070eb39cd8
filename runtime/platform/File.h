/// \file
/// Bytes of a file, mapped or read.
#ifndef LOBIT_PLATFORM_FILE_H
#define LOBIT_PLATFORM_FILE_H

#include "runtime/format/ByteView.h"
#include "runtime/format/Status.h"

namespace lobit::platform {

/// An open regular file. One open; everything else goes through it.
class File {
public:
  /// Errors do not name the path; the caller knows it.
  static Result<File> open(const char *path);
  File() = default;
  File(File &&other) noexcept;
  File &operator=(File &&other) noexcept;
  ~File();

  uint64_t size() const { return size_; }
  /// Reads exactly `size` bytes; IO when the file is shorter.
  Status read(uint64_t offset, uint8_t *out, uint64_t size) const;
  int descriptor() const { return fd_; }

private:
  int fd_ = -1;
  uint64_t size_ = 0;
};

/// Read-only pages of a whole file.
class Mapping {
public:
  static Result<Mapping> map(const File &file);
  Mapping() = default;
  Mapping(Mapping &&other) noexcept;
  Mapping &operator=(Mapping &&other) noexcept;
  ~Mapping();

  ByteView bytes() const { return {data_, size_}; }
  /// Brings pages into memory now, so that a file that was cut short meanwhile is an
  /// error here and not a signal later.
  Status populate(uint64_t offset, uint64_t size) const;

private:
  uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
};

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_FILE_H
