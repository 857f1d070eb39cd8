#include "tools/support/OutputFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lobit {

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Status OutputFile::failed(const char *what) const {
  return Status(StatusCode::IO, path_ + ": " + what + ": " + strerror(errno));
}

Result<OutputFile> OutputFile::create(const std::string &path) {
  OutputFile file;
  file.path_ = path;
  size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  std::string temporary = folderOf(path) + "/." + name + "." + std::to_string(getpid()) + ".tmp";
  file.fd_ = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file.fd_ < 0)
    return file.failed("cannot be written");
  file.temporary_ = temporary;
  return file;
}

OutputFile::OutputFile(OutputFile &&other) noexcept { *this = std::move(other); }
OutputFile &OutputFile::operator=(OutputFile &&other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(fd_, other.fd_);
  return *this;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0)
    ::close(fd_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

Status OutputFile::write(const void *bytes, uint64_t size) {
  const char *at = static_cast<const char *>(bytes);
  while (size != 0) {
    ssize_t put = ::write(fd_, at, size < (1u << 30) ? size : 1u << 30);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return failed("cannot be written");
    at += put;
    size -= uint64_t(put);
  }
  return {};
}

Status OutputFile::commit() {
  if (::fsync(fd_) != 0)
    return failed("cannot be written");
  int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0)
    return failed("cannot be closed");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    return failed("cannot be put in place");
  temporary_.clear();
  // The name must survive a power cut too.
  int folder = ::open(folderOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)::fsync(folder);
    ::close(folder);
  }
  return {};
}

} // namespace lobit
