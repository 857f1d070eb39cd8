/// \file
/// Output files that appear complete or not at all.
#ifndef LOBIT_TOOLS_SUPPORT_OUTPUT_FILE_H
#define LOBIT_TOOLS_SUPPORT_OUTPUT_FILE_H

#include "runtime/format/Status.h"

namespace lobit {

/// Written beside its target under a temporary name; commit() makes it durable and
/// renames it, anything else removes it.
class OutputFile {
public:
  static Result<OutputFile> create(const std::string &path);
  OutputFile() = default;
  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&other) noexcept;
  ~OutputFile();

  Status write(const void *bytes, uint64_t size);
  Status commit();

private:
  Status failed(const char *what) const;

  std::string path_, temporary_;
  int fd_ = -1;
};

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_OUTPUT_FILE_H
