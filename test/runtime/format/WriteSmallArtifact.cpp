/// \file
/// Writes the small artifact of the tests to a file: the example of docs/format.md.
#include "test/runtime/format/SmallArtifact.h"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  const lobit::test::Bytes bytes = lobit::test::smallArtifact();
  std::FILE *file = std::fopen(argv[1], "wb");
  if (!file)
    return 4;
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  return std::fclose(file) == 0 && written ? 0 : 4;
}
