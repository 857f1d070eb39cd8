/// \file
/// Large zeroed memory, and memory that code is run from.
#ifndef LOBIT_PLATFORM_MEMORY_H
#define LOBIT_PLATFORM_MEMORY_H

#include "runtime/format/ByteView.h"
#include "runtime/format/Status.h"

namespace lobit::platform {

/// Zeroed, page-aligned; `what` names it in an error. Zero bytes are legal.
class Memory {
public:
  static Result<Memory> allocate(uint64_t size, const char *what);
  Memory() = default;
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;
  ~Memory();

  uint8_t *data() const { return data_; }
  uint64_t size() const { return size_; }

private:
  uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
};

/// A copy of bytes that nobody can change any more: a memory file, sealed against
/// writing, growing and shrinking.
class SealedCopy {
public:
  static Result<SealedCopy> make(ByteView bytes, const char *name);
  SealedCopy() = default;
  SealedCopy(SealedCopy &&other) noexcept;
  SealedCopy &operator=(SealedCopy &&other) noexcept;
  ~SealedCopy();

  ByteView bytes() const { return {data_, size_}; }
  int descriptor() const { return fd_; }

private:
  int fd_ = -1;
  uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
};

uint64_t pageBytes();

/// Address space for an image of code, filled piece by piece from a sealed copy.
/// Pages are never writable and executable at the same time.
class CodeMemory {
public:
  static Result<CodeMemory> reserve(uint64_t size);
  CodeMemory() = default;
  CodeMemory(CodeMemory &&other) noexcept;
  CodeMemory &operator=(CodeMemory &&other) noexcept;
  ~CodeMemory();

  uint8_t *data() const { return data_; }
  uint64_t size() const { return size_; }

  /// Maps [fileOffset, + size) of the copy at `offset`; both are multiples of the page,
  /// private to this image. Writable only until protect().
  Status map(uint64_t offset, const SealedCopy &copy, uint64_t fileOffset, uint64_t size,
             bool writable);
  Status makeWritable(uint64_t offset, uint64_t size);
  enum class Access { Read, Execute };
  Status protect(uint64_t offset, uint64_t size, Access access);

private:
  uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
};

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_MEMORY_H
