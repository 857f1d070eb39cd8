/// \file
/// The system calls of AtomicFile, so that a test can let each of them fail.
#ifndef LOBIT_PASSES_EMIT_FILESYSTEM_H
#define LOBIT_PASSES_EMIT_FILESYSTEM_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace lobit {

/// Each function is the system call of its name: -1 and errno on failure.
class FileSystem {
public:
  virtual ~FileSystem() = default;
  virtual int open(const std::string &path, int flags, mode_t mode);
  virtual ssize_t pwrite(int file, const uint8_t *bytes, size_t size, off_t offset);
  virtual ssize_t pread(int file, uint8_t *bytes, size_t size, off_t offset);
  virtual ssize_t write(int file, const uint8_t *bytes, size_t size);
  virtual int ftruncate(int file, off_t size);
  virtual int fsync(int file);
  /// A hint: begins what fsync will wait for.
  virtual void startWriting(int file);
  virtual int close(int file);
  virtual int rename(const std::string &from, const std::string &to);
  virtual int unlink(const std::string &path);

  static FileSystem &real();
};

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_FILESYSTEM_H
