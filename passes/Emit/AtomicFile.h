/// \file
/// A file that is there as a whole or not at all.
#ifndef LOBIT_PASSES_EMIT_ATOMICFILE_H
#define LOBIT_PASSES_EMIT_ATOMICFILE_H

#include "passes/Emit/FileSystem.h"
#include "runtime/format/ArtifactWriter.h"

#include <atomic>
#include <memory>

namespace lobit {

/// Bytes go to `.NAME.PID.tmp` in the folder of the target; commit() makes them durable
/// and renames. Without a successful commit the target stays as it was and the temporary
/// file is removed. A target that is no regular file ("-", a pipe, a device) receives
/// the bytes in order on commit, from a temporary file in $TMPDIR.
class AtomicFile : public ByteSink {
public:
  static Result<std::unique_ptr<AtomicFile>> create(const std::string &path,
                                                    FileSystem &fileSystem = FileSystem::real());
  ~AtomicFile() override;

  Status write(uint64_t offset, const uint8_t *bytes, uint64_t size) override;
  /// What was written; may be called from several threads, like `write` of other bytes.
  Status read(uint64_t offset, uint8_t *bytes, uint64_t size) const;
  /// The end of what was written.
  uint64_t size() const { return size_; }
  /// Copies `size` bytes to another place, which may overlap.
  Status move(uint64_t from, uint64_t to, uint64_t size);
  /// Makes the file end here.
  Status truncate(uint64_t size);
  Status commit();
  /// To be called when most is written and other work follows before commit.
  void startWriting() { fileSystem_.startWriting(file_); }
  /// Holds what was written so far, until commit.
  const std::string &temporaryPath() const { return temporary_; }

private:
  AtomicFile(std::string path, FileSystem &fileSystem)
      : path_(std::move(path)), fileSystem_(fileSystem) {}
  Status open();
  Status fail(const char *action, const std::string &path) const;
  Status writeAll(int file, const uint8_t *bytes, size_t size);
  Status copyToStream();
  Status syncFolder();

  std::string path_;
  std::string temporary_;
  FileSystem &fileSystem_;
  bool isStream_ = false;
  int file_ = -1;
  std::atomic<uint64_t> size_{0};
};

/// Writes `bytes` as the whole file `path`, in the same way.
Status writeFile(const std::string &path, const void *bytes, uint64_t size);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_ATOMICFILE_H
