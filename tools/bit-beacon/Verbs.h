/// \file
/// The verbs of bit-beacon. Each adds its subcommand; the one that was asked for puts
/// its work into `run`.
#ifndef LOBIT_TOOLS_BIT_BEACON_VERBS_H
#define LOBIT_TOOLS_BIT_BEACON_VERBS_H

#include "tools/support/BeaconFiles.h"
#include "tools/support/BeaconKeys.h"

#include <functional>

namespace lobit {

struct VerbContext {
  const KeyArgument &keyArgument;
  std::function<int()> run;
};

void addEmit(CLI::App &app, VerbContext &context);
void addExportScl(CLI::App &app, VerbContext &context);
void addImportScl(CLI::App &app, VerbContext &context);
void addInspect(CLI::App &app, VerbContext &context);
void addKeygen(CLI::App &app, VerbContext &context);
void addMerge(CLI::App &app, VerbContext &context);
void addProbe(CLI::App &app, VerbContext &context);
void addRoute(CLI::App &app, VerbContext &context);
void addVerify(CLI::App &app, VerbContext &context);
void addWatch(CLI::App &app, VerbContext &context);

constexpr const char *kBitBeacon = "bit-beacon";

/// The exit code of a status, after its message on stderr.
int report(const Status &status);

/// Positional SPACE MODEL PI of the verbs that write.
struct IdOptions {
  beacon::ContextIds ids;
  void add(CLI::App &app);
};

/// --key-id, --sequence, --issued, --expires, --previous.
struct OriginOptions {
  std::string keyId, previous;
  std::optional<uint64_t> sequence, issued, expires;
  void add(CLI::App &app);
  /// Nothing when none was given. The sequence defaults to that of the previous beacon
  /// plus one, the key id to that of the key.
  Result<std::optional<beacon::Origin>> make(const beacon::Key *key) const;
};

/// 16 hexadecimal digits.
Result<beacon::KeyId> parseKeyId(const std::string &text);
/// A number of UNIX seconds, or "now".
Result<uint64_t> parseTime(const std::string &text);
uint64_t unixNow();

/// The mean to compare with, from a .bit or .npz file.
Result<beacon::Reference> readReference(const std::string &path, const beacon::Key *key);

/// Writes the beacon and prints one line about it. DRIFT when a threshold is exceeded.
Status finishBeacon(const std::string &path, const beacon::Content &content,
                    const beacon::Results &results, const beacon::Key *key);

} // namespace lobit

#endif // LOBIT_TOOLS_BIT_BEACON_VERBS_H
