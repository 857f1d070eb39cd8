#include "passes/Emit/Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

namespace lobit {
namespace {

/// lld reads and writes files only.
class TemporaryFolder {
public:
  TemporaryFolder() { error = llvm::sys::fs::createUniqueDirectory("lobit-link", path); }
  ~TemporaryFolder() {
    if (!error)
      llvm::sys::fs::remove_directories(path);
  }
  std::string file(llvm::StringRef name) const {
    llvm::SmallString<128> result = path;
    llvm::sys::path::append(result, name);
    return std::string(result.str());
  }
  std::error_code error;

private:
  llvm::SmallString<128> path;
};

Status ioError(const std::string &what, std::error_code error) {
  return Status(StatusCode::IO, "emit: cannot " + what + ": " + error.message());
}

} // namespace

Result<std::string> linkSharedObject(std::string_view object) {
  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  static bool canRunAgain = true;
  if (!canRunAgain)
    return Status(StatusCode::INTERNAL, "emit: the linker failed before and cannot run again");

  TemporaryFolder folder;
  if (folder.error)
    return ioError("create a temporary folder", folder.error);
  std::string input = folder.file("code.o"), output = folder.file("code.so");
  {
    std::error_code error;
    llvm::raw_fd_ostream file(input, error);
    if (error)
      return ioError("write " + input, error);
    file.write(object.data(), object.size());
    file.close();
    if (file.has_error()) {
      error = file.error();
      file.clear_error();
      return ioError("write " + input, error);
    }
  }
  const char *arguments[] = {"ld.lld",
                             "-shared",
                             "--no-undefined",
                             "--gc-sections",
                             "--hash-style=both",
                             "--build-id=none",
                             "--threads=1",
                             "-z",
                             "noexecstack",
                             "-z",
                             "now",
                             "-z",
                             "relro",
                             "-soname",
                             "lobit-code.so",
                             "-o",
                             output.c_str(),
                             input.c_str()};
  std::string messages;
  llvm::raw_string_ostream out(messages);
  lld::Result result = lld::lldMain(arguments, out, out, {{lld::Gnu, &lld::elf::link}});
  canRunAgain = result.canRunAgain;
  if (result.retCode != 0)
    return Status(StatusCode::INTERNAL, "emit: the linker failed: " + messages);
  auto buffer = llvm::MemoryBuffer::getFile(output, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false,
                                            /*IsVolatile=*/true);
  if (!buffer)
    return ioError("read " + output, buffer.getError());
  return std::string((*buffer)->getBuffer());
}

} // namespace lobit
