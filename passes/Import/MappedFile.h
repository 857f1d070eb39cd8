/// \file
/// Read-only files: mapped, or read whole when they are small.
#ifndef LOBIT_PASSES_IMPORT_MAPPEDFILE_H
#define LOBIT_PASSES_IMPORT_MAPPEDFILE_H

#include "runtime/format/Status.h"

#include <cstdint>
#include <memory>
#include <string>

namespace lobit {

/// The bytes of a regular file, mapped. They must not be modified in place while the
/// mapping lives.
class MappedFile {
public:
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  /// Follows symbolic links: `path` was chosen by the user.
  static Result<std::shared_ptr<MappedFile>> open(const std::string &path);
  /// `name` comes from a file and is not trusted: it must name a regular file that
  /// lies directly in `directory`, neither a symbolic nor a hard link.
  static Result<std::shared_ptr<MappedFile>> openInside(const std::string &directory,
                                                        const std::string &name);

  const uint8_t *bytes() const { return bytes_; }
  uint64_t size() const { return size_; }
  const std::string &path() const { return path_; }

private:
  MappedFile() = default;
  static Result<std::shared_ptr<MappedFile>> map(int descriptor, const std::string &path,
                                                 bool refuseLinks);

  std::string path_;
  const uint8_t *bytes_ = nullptr;
  uint64_t size_ = 0;
};

bool fileExists(const std::string &path);
bool isDirectory(const std::string &path);
/// The content of a regular file of at most `limit` bytes.
Result<std::string> readTextFile(const std::string &path, uint64_t limit);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_MAPPEDFILE_H
