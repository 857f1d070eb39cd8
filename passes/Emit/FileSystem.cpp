#include "passes/Emit/FileSystem.h"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace lobit {

int FileSystem::open(const std::string &path, int flags, mode_t mode) {
  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}
ssize_t FileSystem::pwrite(int file, const uint8_t *bytes, size_t size, off_t offset) {
  return ::pwrite(file, bytes, size, offset);
}
ssize_t FileSystem::pread(int file, uint8_t *bytes, size_t size, off_t offset) {
  return ::pread(file, bytes, size, offset);
}
ssize_t FileSystem::write(int file, const uint8_t *bytes, size_t size) {
  return ::write(file, bytes, size);
}
int FileSystem::ftruncate(int file, off_t size) { return ::ftruncate(file, size); }
int FileSystem::fsync(int file) { return ::fsync(file); }
void FileSystem::startWriting(int file) {
#ifdef SYNC_FILE_RANGE_WRITE
  ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
  (void)file;
#endif
}
int FileSystem::close(int file) { return ::close(file); }
int FileSystem::rename(const std::string &from, const std::string &to) {
  return std::rename(from.c_str(), to.c_str());
}
int FileSystem::unlink(const std::string &path) { return ::unlink(path.c_str()); }

FileSystem &FileSystem::real() {
  static FileSystem fileSystem;
  return fileSystem;
}

} // namespace lobit
