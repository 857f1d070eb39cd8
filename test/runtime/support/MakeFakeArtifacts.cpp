/// \file
/// Writes model.lobit and function.lobit of FakeArtifact.h into a folder,,
/// broken.lobit, whose known answers are wrong, and old.lobit, which does not tell where
/// its hidden state is.
#include "test/runtime/support/FakeArtifact.h"

using namespace lobit;
using namespace lobit::test;

static bool write(const std::string &path, const Bytes &bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
  return !bytes.empty() && file.good();
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  std::string folder = argv[1];
  ArtifactContent broken = fakeModelContent();
  broken.knownAnswers.models[0].digest[3] ^= 1;
  ArtifactContent old = fakeModelContent();
  for (ArtifactContent::Code &code : old.code)
    code.hiddenOffset.reset();
  return write(folder + "/model.lobit", fakeArtifact(fakeModelContent())) &&
                 write(folder + "/function.lobit", fakeArtifact(fakeFunctionContent())) &&
                 write(folder + "/broken.lobit", fakeArtifact(broken)) &&
                 write(folder + "/old.lobit", fakeArtifact(old))
             ? 0
             : 1;
}
