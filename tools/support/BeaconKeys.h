/// \file
/// Where the tools take a beacon key from. A key never reaches a message, and is wiped
/// from the arguments when somebody gives it there.
#ifndef LOBIT_TOOLS_SUPPORT_BEACON_KEYS_H
#define LOBIT_TOOLS_SUPPORT_BEACON_KEYS_H

#include "runtime/beacon/Crypto.h"

#include <CLI/CLI.hpp>
#include <optional>

namespace lobit {

/// Takes the value of `option` out of argv, where every process of the machine can read
/// it: its characters become 'x'. Call before anything else.
class KeyArgument {
public:
  KeyArgument(int argc, char **argv, const std::vector<std::string> &options);
  ~KeyArgument();
  const std::optional<std::string> &text() const { return text_; }

private:
  std::optional<std::string> text_;
};

struct KeyOptions {
  std::string file, environment, hexPlace;
  int descriptor = -1;

  /// --<prefix>hmac-key-file, --<prefix>hmac-key-fd, --<prefix>hmac-key-env and the hex
  /// option, at most one of them.
  void add(CLI::App &app, const std::string &prefix, const char *group);
  bool isGiven() const {
    return !file.empty() || !environment.empty() || !hexPlace.empty() || descriptor >= 0;
  }
  /// Nothing when no key was given. `argument` holds what argv held.
  Result<std::optional<beacon::Key>> load(const KeyArgument &argument, const char *tool) const;
};

/// Hexadecimal text in a regular file that only its owner can read.
Result<beacon::Key> readKeyFile(const std::string &path);

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_BEACON_KEYS_H
