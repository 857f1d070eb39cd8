#include "tools/support/BeaconKeys.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lobit {

KeyArgument::KeyArgument(int argc, char **argv, const std::vector<std::string> &options) {
  for (int i = 1; i < argc; ++i)
    for (const std::string &option : options) {
      char *value = nullptr;
      if (argv[i] == option && i + 1 < argc)
        value = argv[i + 1];
      else if (strncmp(argv[i], (option + "=").c_str(), option.size() + 1) == 0)
        value = argv[i] + option.size() + 1;
      if (!value)
        continue;
      text_ = value;
      memset(value, 'x', strlen(value));
    }
}

KeyArgument::~KeyArgument() {
  if (text_)
    beacon::wipe(text_->data(), text_->size());
}

void KeyOptions::add(CLI::App &app, const std::string &prefix, const char *group) {
  CLI::Option *fileOption =
      app.add_option("--" + prefix + "hmac-key-file", file,
                     "A file with the key in hexadecimal, readable by its owner alone")
          ->group(group);
  CLI::Option *fdOption = app.add_option("--" + prefix + "hmac-key-fd", descriptor,
                                         "An open file descriptor with the key in hexadecimal")
                              ->group(group);
  CLI::Option *environmentOption = app.add_option("--" + prefix + "hmac-key-env", environment,
                                                  "An environment variable that names such a file")
                                       ->group(group);
  CLI::Option *hexOption =
      app.add_option(prefix.empty() ? "--hmac_key_hex,--hmac-key-hex"
                                    : "--" + prefix + "hmac-key-hex",
                     hexPlace, "The key itself; other processes can read it: avoid")
          ->group(group);
  fileOption->excludes(fdOption)->excludes(environmentOption)->excludes(hexOption);
  fdOption->excludes(environmentOption)->excludes(hexOption);
  environmentOption->excludes(hexOption);
}

static Result<beacon::Key> readKey(int fd, const std::string &name) {
  char text[4096];
  size_t size = 0;
  ssize_t got = 1;
  while (size < sizeof(text) && got != 0) {
    got = ::read(fd, text + size, sizeof(text) - size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      beacon::wipe(text, sizeof(text));
      return Status(StatusCode::IO, name + ": cannot be read: " + strerror(errno));
    }
    size += size_t(got);
  }
  Result<beacon::Key> key = beacon::Key::fromHex({text, size});
  beacon::wipe(text, sizeof(text));
  if (!key.ok())
    return std::move(key).status().withContext(name);
  return key;
}

Result<beacon::Key> readKeyFile(const std::string &path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return Status(StatusCode::IO, path + ": cannot be opened: " + strerror(errno));
  struct stat info;
  Result<beacon::Key> key = Status(StatusCode::IO, path + ": is no regular file");
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    if (info.st_mode & 077) {
      char mode[8];
      snprintf(mode, sizeof(mode), "%04o", unsigned(info.st_mode & 07777));
      key = Status(StatusCode::INVALID_ARGUMENT,
                   path + ": a key must be readable by its owner alone, its mode is " + mode +
                       "; chmod 600 it");
    } else {
      key = readKey(fd, path);
    }
  }
  ::close(fd);
  return key;
}

Result<std::optional<beacon::Key>> KeyOptions::load(const KeyArgument &argument,
                                                    const char *tool) const {
  Result<beacon::Key> key = beacon::Key();
  if (!file.empty()) {
    key = readKeyFile(file);
  } else if (descriptor >= 0) {
    key = readKey(descriptor, "file descriptor " + std::to_string(descriptor));
  } else if (!environment.empty()) {
    const char *path = getenv(environment.c_str());
    if (!path || !*path)
      return Status(StatusCode::INVALID_ARGUMENT,
                    "the environment variable " + environment + " names no key file");
    key = readKeyFile(path);
  } else if (!hexPlace.empty() && argument.text()) {
    fprintf(stderr,
            "%s: warning: other processes can read a key on the command line; use a key file\n",
            tool);
    key = beacon::Key::fromHex(*argument.text());
  } else {
    return std::optional<beacon::Key>();
  }
  if (!key.ok())
    return std::move(key).status();
  return std::optional<beacon::Key>(std::move(key).value());
}

} // namespace lobit
