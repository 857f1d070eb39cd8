#include "passes/Import/MappedFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lobit {

static Status ioError(const std::string &path, const char *action) {
  return Status(StatusCode::IO, path + ": cannot " + action + ": " + std::strerror(errno));
}

MappedFile::~MappedFile() {
  if (size_ != 0)
    munmap(const_cast<uint8_t *>(bytes_), size_);
}

Result<std::shared_ptr<MappedFile>> MappedFile::map(int descriptor, const std::string &path,
                                                    bool refuseLinks) {
  struct stat info;
  if (fstat(descriptor, &info) != 0) {
    Status status = ioError(path, "read its size");
    close(descriptor);
    return status;
  }
  if (!S_ISREG(info.st_mode) || (refuseLinks && info.st_nlink != 1)) {
    close(descriptor);
    return Status(StatusCode::MALFORMED,
                  path + ": expected a regular file" +
                      (S_ISREG(info.st_mode) ? ", found a hard link; copy the file"
                                             : ", found a directory, device or pipe"));
  }
  std::shared_ptr<MappedFile> file(new MappedFile());
  file->path_ = path;
  if (info.st_size != 0) {
    void *address = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) {
      Status status = ioError(path, "map it");
      close(descriptor);
      return status;
    }
#ifdef MADV_HUGEPAGE
    // A hint: what is not in memory yet is read in pieces of 2 MiB, the next one ahead.
    madvise(address, size_t(info.st_size), MADV_HUGEPAGE);
#endif
    file->bytes_ = static_cast<const uint8_t *>(address);
    file->size_ = info.st_size;
  }
  close(descriptor);
  return file;
}

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string &path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return ioError(path, "open it");
  return map(descriptor, path, /*refuseLinks=*/false);
}

Result<std::shared_ptr<MappedFile>> MappedFile::openInside(const std::string &directory,
                                                           const std::string &name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos)
    return Status(StatusCode::MALFORMED, directory + ": expected the name of a file in this " +
                                             "directory, found \"" + name + "\"");
  int parent = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (parent < 0)
    return ioError(directory, "open it");
  std::string path = directory + "/" + name;
  // One component and no link followed: nothing outside the directory can be reached.
  int descriptor = openat(parent, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  int error = errno;
  close(parent);
  if (descriptor < 0 && error == ELOOP)
    return Status(StatusCode::MALFORMED,
                  path + ": expected a regular file, found a symbolic link; copy the model "
                         "with `cp -rL`");
  errno = error;
  if (descriptor < 0)
    return ioError(path, "open it");
  return map(descriptor, path, /*refuseLinks=*/true);
}

bool fileExists(const std::string &path) { return access(path.c_str(), F_OK) == 0; }

bool isDirectory(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<std::string> readTextFile(const std::string &path, uint64_t limit) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file.ok())
    return std::move(file).status();
  uint64_t size = (*file)->size();
  if (size > limit)
    return Status(StatusCode::RESOURCE_LIMIT, path + ": has " + std::to_string(size) +
                                                  " bytes, the limit is " + std::to_string(limit));
  return std::string(reinterpret_cast<const char *>((*file)->bytes()), size);
}

} // namespace lobit
