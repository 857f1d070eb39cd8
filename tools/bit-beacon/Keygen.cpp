/// \file
/// keygen: a new key, in a file that only its owner can read.
#include "tools/bit-beacon/Verbs.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace lobit {

static Status makeKey(const std::string &path) {
  uint8_t bytes[beacon::kMinKeyBytes];
  if (::getrandom(bytes, sizeof(bytes), 0) != ssize_t(sizeof(bytes)))
    return Status(StatusCode::IO, "the system gives no random numbers");
  std::string text = hexText(bytes, sizeof(bytes)) + "\n";
  Result<beacon::Key> key = beacon::Key::make(bytes, sizeof(bytes));
  beacon::wipe(bytes, sizeof(bytes));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  Status status;
  if (fd < 0) {
    status = Status(StatusCode::IO, path + ": cannot be created: " + strerror(errno));
  } else {
    const bool good =
        ::write(fd, text.data(), text.size()) == ssize_t(text.size()) && ::fsync(fd) == 0;
    if (::close(fd) != 0 || !good) {
      status = Status(StatusCode::IO, path + ": cannot be written: " + strerror(errno));
      ::unlink(path.c_str());
    }
  }
  beacon::wipe(text.data(), text.size());
  if (status.ok())
    printf("%s: key id %s\n", path.c_str(), hexText(key->id().data(), beacon::kKeyIdBytes).c_str());
  return status;
}

void addKeygen(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand("keygen", "Make a key; use it for beacons alone");
  auto path = std::make_shared<std::string>();
  verb->add_option("output", *path, "The key file; must not exist")->required();
  verb->callback([&context, path] { context.run = [path] { return report(makeKey(*path)); }; });
}

} // namespace lobit
