#include "passes/Emit/AtomicFile.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace lobit {
namespace {

std::string folderOf(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}
std::string nameOf(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

/// Removes what processes that were killed have left: `.NAME.PID.tmp` without such a
/// process.
void removeStale(const std::string &folder, const std::string &name) {
  const std::string prefix = "." + name + ".", suffix = ".tmp";
  DIR *entries = opendir(folder.c_str());
  if (!entries)
    return;
  while (dirent *entry = readdir(entries)) {
    const std::string file = entry->d_name;
    if (file.size() <= prefix.size() + suffix.size() || file.compare(0, prefix.size(), prefix) ||
        file.compare(file.size() - suffix.size(), suffix.size(), suffix))
      continue;
    const std::string pid = file.substr(prefix.size(), file.size() - prefix.size() - suffix.size());
    if (pid.find_first_not_of("0123456789") != std::string::npos || pid.size() > 9)
      continue;
    if (kill(pid_t(std::atol(pid.c_str())), 0) != 0 && errno == ESRCH)
      unlink(std::string(folder).append("/").append(file).c_str());
  }
  closedir(entries);
}

} // namespace

Status AtomicFile::fail(const char *action, const std::string &path) const {
  return Status(StatusCode::IO, "cannot " + std::string(action) + " " + path + ": " +
                                    std::strerror(errno) + "; " + path_ + " was not written");
}

Result<std::unique_ptr<AtomicFile>> AtomicFile::create(const std::string &path,
                                                       FileSystem &fileSystem) {
  std::unique_ptr<AtomicFile> file(new AtomicFile(path, fileSystem));
  if (Status status = file->open(); !status.ok())
    return status;
  return file;
}

Status AtomicFile::open() {
  struct stat status = {};
  isStream_ = path_ == "-" || (stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode));
  if (isStream_ && path_ != "-" && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return fail("write", path_);
  }
  const char *scratch = std::getenv("TMPDIR");
  const std::string folder = isStream_ ? (scratch && *scratch ? scratch : "/tmp") : folderOf(path_);
  const std::string name = isStream_ ? "lobit-stream" : nameOf(path_);
  removeStale(folder, name);
  temporary_ = folder + "/." + name + "." + std::to_string(getpid()) + ".tmp";
  file_ = fileSystem_.open(temporary_, O_RDWR | O_CREAT | O_EXCL, 0666);
  if (file_ < 0) {
    Status failure = fail("create", temporary_);
    temporary_.clear();
    return failure;
  }
  return Status();
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0)
    fileSystem_.close(file_);
  if (!temporary_.empty())
    fileSystem_.unlink(temporary_);
}

Status AtomicFile::write(uint64_t offset, const uint8_t *bytes, uint64_t size) {
  for (uint64_t done = 0; done < size;) {
    const ssize_t count =
        fileSystem_.pwrite(file_, bytes + done, size - done, off_t(offset + done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count == 0)
      errno = EIO;
    if (count <= 0)
      return fail("write", temporary_);
    done += uint64_t(count);
  }
  for (uint64_t end = offset + size, known = size_; known < end;)
    if (size_.compare_exchange_weak(known, end))
      break;
  return Status();
}

Status AtomicFile::read(uint64_t offset, uint8_t *bytes, uint64_t size) const {
  for (uint64_t done = 0; done < size;) {
    const ssize_t count = fileSystem_.pread(file_, bytes + done, size - done, off_t(offset + done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count == 0)
      errno = EIO;
    if (count <= 0)
      return fail("read", temporary_);
    done += uint64_t(count);
  }
  return Status();
}

Status AtomicFile::move(uint64_t from, uint64_t to, uint64_t size) {
  std::vector<uint8_t> buffer(std::min<uint64_t>(size, 4 << 20));
  for (uint64_t done = 0; done < size;) {
    const uint64_t count = std::min<uint64_t>(buffer.size(), size - done);
    // The end that the copy does not run into comes first.
    const uint64_t at = to < from ? done : size - done - count;
    if (Status status = read(from + at, buffer.data(), count); !status.ok())
      return status;
    if (Status status = write(to + at, buffer.data(), count); !status.ok())
      return status;
    done += count;
  }
  return Status();
}

Status AtomicFile::truncate(uint64_t size) {
  if (fileSystem_.ftruncate(file_, off_t(size)) != 0)
    return fail("cut", temporary_);
  size_ = size;
  return Status();
}

Status AtomicFile::writeAll(int file, const uint8_t *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t count = fileSystem_.write(file, bytes + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count == 0)
      errno = EIO;
    if (count <= 0)
      return fail("write", path_ == "-" ? "standard output" : path_);
    done += size_t(count);
  }
  return Status();
}

Status AtomicFile::copyToStream() {
  const int stream = path_ == "-" ? STDOUT_FILENO : fileSystem_.open(path_, O_WRONLY, 0);
  if (stream < 0)
    return fail("open", path_);
  std::vector<uint8_t> buffer(1 << 20);
  Status status;
  for (uint64_t at = 0; status.ok() && at < size_;) {
    const uint64_t count = std::min<uint64_t>(buffer.size(), size_ - at);
    status = read(at, buffer.data(), count);
    if (!status.ok())
      break;
    status = writeAll(stream, buffer.data(), size_t(count));
    at += count;
  }
  if (path_ != "-" && fileSystem_.close(stream) != 0 && status.ok())
    status = fail("close", path_);
  return status;
}

Status AtomicFile::syncFolder() {
  const std::string folder = folderOf(path_);
  const int file = fileSystem_.open(folder, O_RDONLY | O_DIRECTORY, 0);
  if (file < 0)
    return Status(StatusCode::IO,
                  path_ + " was written, but its folder cannot be opened: " + std::strerror(errno));
  const bool synced = fileSystem_.fsync(file) == 0 || errno == EINVAL;
  const int error = errno;
  fileSystem_.close(file);
  if (!synced)
    return Status(StatusCode::IO, path_ + " was written, but may not survive a power failure: " +
                                      std::strerror(error));
  return Status();
}

Status AtomicFile::commit() {
  if (isStream_)
    return copyToStream();
  if (fileSystem_.fsync(file_) != 0)
    return fail("make durable", temporary_);
  const int file = file_;
  file_ = -1;
  if (fileSystem_.close(file) != 0)
    return fail("close", temporary_);
  if (fileSystem_.rename(temporary_, path_) != 0)
    return fail("rename", temporary_);
  temporary_.clear();
  return syncFolder();
}

Status writeFile(const std::string &path, const void *bytes, uint64_t size) {
  Result<std::unique_ptr<AtomicFile>> file = AtomicFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  if (Status status = (*file)->write(0, static_cast<const uint8_t *>(bytes), size); !status.ok())
    return status;
  return (*file)->commit();
}

} // namespace lobit
