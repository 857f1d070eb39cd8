#include "passes/Emit/Link.h"

#include "runtime/format/CodeAbi.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>
#include <vector>

LLD_HAS_DRIVER(elf)
LLD_HAS_DRIVER(wasm)

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

Status writeObject(const std::string &path, std::string_view object) {
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (error)
    return ioError("write " + path, error);
  file.write(object.data(), object.size());
  file.close();
  if (!file.has_error())
    return {};
  error = file.error();
  file.clear_error();
  return ioError("write " + path, error);
}

/// Runs the linker `flavor` with `arguments` and `-o` a file, whose bytes it returns.
Result<std::string> link(lld::Flavor flavor, std::string_view object,
                         std::vector<std::string> arguments) {
  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  static bool canRunAgain = true;
  if (!canRunAgain)
    return Status(StatusCode::INTERNAL, "emit: the linker failed before and cannot run again");

  TemporaryFolder folder;
  if (folder.error)
    return ioError("create a temporary folder", folder.error);
  const std::string input = folder.file("code.o"), output = folder.file("code");
  if (Status status = writeObject(input, object); !status.ok())
    return status;
  arguments.insert(arguments.end(), {"-o", output, input});
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string messages;
  llvm::raw_string_ostream out(messages);
  lld::Result result = lld::lldMain(pointers, out, out,
                                    {{lld::Gnu, &lld::elf::link}, {lld::Wasm, &lld::wasm::link}});
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

} // namespace

Result<std::string> linkSharedObject(std::string_view object) {
  return link(lld::Gnu, object,
              {"ld.lld", "-shared", "--no-undefined", "--gc-sections", "--hash-style=both",
               "--build-id=none", "--threads=1", "-z", "noexecstack", "-z", "now", "-z", "relro",
               "-soname", "lobit-code.so"});
}

Result<std::string> linkWasmModule(std::string_view object, const std::string &runtimeObject) {
  if (!llvm::sys::fs::exists(runtimeObject))
    return Status(StatusCode::UNSUPPORTED,
                  "emit: there is no " + runtimeObject +
                      ", which wasm code is linked with; it is made when Lobit is built with "
                      "clang-19, lld-19, wasi-libc, libc++-19-dev-wasm32 and "
                      "libc++abi-19-dev-wasm32 installed");
  std::vector<std::string> arguments = {"wasm-ld",
                                        "--no-entry",
                                        "--import-memory",
                                        "--shared-memory",
                                        "--max-memory=4294967296",
                                        "--gc-sections",
                                        "--strip-all",
                                        "--threads=1",
                                        "--stack-first",
                                        "-z",
                                        "stack-size=262144",
                                        "--export-table",
                                        "--export=__stack_pointer",
                                        "--export=" LOBIT_CODE_SYMBOL};
#define LOBIT_WASM_EXPORT(function) arguments.push_back("--export=" #function);
#include "runtime/format/WasmExports.inc"
  arguments.push_back(runtimeObject);
  return link(lld::Wasm, object, std::move(arguments));
}

} // namespace lobit
