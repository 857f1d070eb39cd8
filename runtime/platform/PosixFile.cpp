#include "runtime/format/CheckedMath.h"
#include "runtime/platform/File.h"
#include "runtime/platform/Memory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

namespace lobit::platform {

static Status ioError(std::string what) {
  return Status(StatusCode::IO, std::move(what) + ": " + strerror(errno));
}

Result<File> File::open(const char *path) {
  File file;
  do
    file.fd_ = ::open(path, O_RDONLY | O_CLOEXEC);
  while (file.fd_ < 0 && errno == EINTR);
  if (file.fd_ < 0)
    return ioError("cannot be opened");
  struct stat info;
  if (fstat(file.fd_, &info) != 0)
    return ioError("its size cannot be read");
  if (!S_ISREG(info.st_mode))
    return Status(StatusCode::IO, "is not a regular file");
  file.size_ = uint64_t(info.st_size);
  return file;
}

File::File(File &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(std::exchange(other.size_, 0)) {}
File &File::operator=(File &&other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}
File::~File() {
  if (fd_ >= 0)
    ::close(fd_);
}

Status File::read(uint64_t offset, uint8_t *out, uint64_t size) const {
  while (size != 0) {
    ssize_t got = ::pread(fd_, out, size < (1u << 30) ? size : 1u << 30, off_t(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return ioError("reading at byte " + std::to_string(offset));
    if (got == 0)
      return Status(StatusCode::IO, "the file ends at byte " + std::to_string(offset) + ", " +
                                        std::to_string(size) + " more were expected");
    offset += uint64_t(got);
    out += got;
    size -= uint64_t(got);
  }
  return {};
}

Result<Mapping> Mapping::map(const File &file) {
  Mapping mapping;
  if (file.size() == 0)
    return mapping;
  void *data = ::mmap(nullptr, file.size(), PROT_READ, MAP_SHARED, file.descriptor(), 0);
  if (data == MAP_FAILED)
    return ioError("mapping " + std::to_string(file.size()) + " bytes");
  mapping.data_ = static_cast<uint8_t *>(data);
  mapping.size_ = file.size();
  return mapping;
}

Mapping::Mapping(Mapping &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
Mapping &Mapping::operator=(Mapping &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
Mapping::~Mapping() {
  if (data_)
    ::munmap(data_, size_);
}

Status Mapping::populate(uint64_t offset, uint64_t size) const {
  if (!rangeInside(offset, size, size_))
    return Status(StatusCode::OUT_OF_BOUNDS, "bytes " + std::to_string(offset) + " to " +
                                                 std::to_string(offset + size) +
                                                 " lie outside the file");
  uint64_t begin = offset & ~(pageBytes() - 1);
  if (size == 0)
    return {};
  while (::madvise(data_ + begin, offset + size - begin, MADV_POPULATE_READ) != 0) {
    if (errno == EINTR || errno == EAGAIN)
      continue;
    if (errno == EINVAL) // before Linux 5.14; pages then come on first touch
      return {};
    return ioError("reading bytes " + std::to_string(offset) + " to " +
                   std::to_string(offset + size) + " of the mapped file");
  }
  return {};
}

Result<Memory> Memory::allocate(uint64_t size, const char *what) {
  Memory memory;
  if (size == 0)
    return memory;
  void *data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return Status(StatusCode::OUT_OF_MEMORY,
                  std::string(what) + " needs " + std::to_string(size) + " bytes of memory");
  memory.data_ = static_cast<uint8_t *>(data);
  memory.size_ = size;
  return memory;
}

Memory::Memory(Memory &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
Memory &Memory::operator=(Memory &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
Memory::~Memory() {
  if (data_)
    ::munmap(data_, size_);
}

Result<SealedCopy> SealedCopy::make(ByteView bytes, const char *name) {
  SealedCopy copy;
  copy.fd_ = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy.fd_ < 0)
    return ioError("this system gives no memory file to load code from (code that is linked "
                   "into the program needs none)");
  if (::ftruncate(copy.fd_, off_t(bytes.size)) != 0)
    return ioError("a memory file of " + std::to_string(bytes.size) + " bytes");
  for (uint64_t done = 0; done < bytes.size;) {
    ssize_t put = ::pwrite(copy.fd_, bytes.data + done, bytes.size - done, off_t(done));
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return ioError("filling a memory file");
    done += uint64_t(put);
  }
  if (::fcntl(copy.fd_, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return ioError("sealing a memory file");
  if (bytes.size != 0) {
    void *data = ::mmap(nullptr, bytes.size, PROT_READ, MAP_PRIVATE, copy.fd_, 0);
    if (data == MAP_FAILED)
      return ioError("mapping a memory file");
    copy.data_ = static_cast<uint8_t *>(data);
    copy.size_ = bytes.size;
  }
  return copy;
}

SealedCopy::SealedCopy(SealedCopy &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}
SealedCopy &SealedCopy::operator=(SealedCopy &&other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
SealedCopy::~SealedCopy() {
  if (data_)
    ::munmap(data_, size_);
  if (fd_ >= 0)
    ::close(fd_);
}

uint64_t pageBytes() { return uint64_t(::sysconf(_SC_PAGESIZE)); }

Result<CodeMemory> CodeMemory::reserve(uint64_t size) {
  CodeMemory memory;
  void *data = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return Status(StatusCode::OUT_OF_MEMORY,
                  "the code needs " + std::to_string(size) + " bytes of address space");
  memory.data_ = static_cast<uint8_t *>(data);
  memory.size_ = size;
  return memory;
}

CodeMemory::CodeMemory(CodeMemory &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
CodeMemory &CodeMemory::operator=(CodeMemory &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
CodeMemory::~CodeMemory() {
  if (data_)
    ::munmap(data_, size_);
}

Status CodeMemory::map(uint64_t offset, const SealedCopy &copy, uint64_t fileOffset, uint64_t size,
                       bool writable) {
  void *data = ::mmap(data_ + offset, size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                      MAP_PRIVATE | MAP_FIXED, copy.descriptor(), off_t(fileOffset));
  return data == MAP_FAILED ? ioError("mapping a segment of code") : Status();
}

Status CodeMemory::makeWritable(uint64_t offset, uint64_t size) {
  if (::mprotect(data_ + offset, size, PROT_READ | PROT_WRITE) != 0)
    return ioError("preparing a data segment of code");
  return {};
}

Status CodeMemory::protect(uint64_t offset, uint64_t size, Access access) {
  int protection = access == Access::Execute ? PROT_READ | PROT_EXEC : PROT_READ;
  if (::mprotect(data_ + offset, size, protection) != 0)
    return ioError(access == Access::Execute
                       ? "this system refuses to run code from a memory file (code that is "
                         "linked into the program needs none)"
                       : "protecting a segment of code");
  if (access == Access::Execute)
    __builtin___clear_cache(reinterpret_cast<char *>(data_ + offset),
                            reinterpret_cast<char *>(data_ + offset + size));
  return {};
}

} // namespace lobit::platform
