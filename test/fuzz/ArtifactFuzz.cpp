/// \file
/// libFuzzer target: opening an artifact at every level of verification.
#include "runtime/format/Artifact.h"

using namespace lobit;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (VerifyLevel level : {VerifyLevel::Structure, VerifyLevel::Full})
    (void)verifyArtifact({data, size}, level);
  return 0;
}
