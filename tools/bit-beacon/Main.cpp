/// \file
/// bit-beacon: everything one does with beacon files.
#include "tools/bit-beacon/Verbs.h"
#include "tools/support/Tool.h"

#include <csignal>

using namespace lobit;

int main(int argc, char **argv) {
  const KeyArgument keyArgument(argc, argv, {"--hmac_key_hex", "--hmac-key-hex"});
  signal(SIGPIPE, SIG_IGN); // a closed pipe is a write error, reported like any other
  CLI::App app("Writes, verifies, routes, exchanges and watches BIT beacons.", kBitBeacon);
  app.set_version_flag("--version", versionText(kBitBeacon));
  app.footer(std::string("docs/format-bit.md describes the format.\n") + kExitCodesHelp);
  app.require_subcommand(1);
  VerbContext context = {keyArgument, nullptr};
  for (auto add : {addEmit, addVerify, addRoute, addInspect, addMerge, addKeygen, addExportScl,
                   addImportScl, addProbe, addWatch})
    add(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const int code = context.run();
  if ((fflush(stdout) != 0 || ferror(stdout)) && code == 0)
    return report(Status(StatusCode::IO, "standard output cannot be written"));
  return code;
}
