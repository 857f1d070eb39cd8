/// \file
/// Verifies artifacts from standard input, each after its u64 size: a line for each, "ok"
/// or the message.
#include "runtime/format/Artifact.h"

#include <cstdio>

using namespace lobit;

int main() {
  uint8_t head[8];
  while (std::fread(head, 1, 8, stdin) == 8) {
    std::vector<uint8_t> bytes(loadU64(head));
    if (std::fread(bytes.data(), 1, bytes.size(), stdin) != bytes.size())
      return 3;
    const Status status = verifyArtifact({bytes.data(), bytes.size()}, VerifyLevel::Full);
    std::printf("%s\n", status.ok() ? "ok" : status.message().c_str());
  }
  return 0;
}
