// kernel-runner CODE.so CALLS: runs serialized kernel calls; for emulators.
#include "test/support/KernelCall.h"

#include <cstdio>
#include <fstream>
#include <iterator>

static std::string readFile(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fputs("usage: kernel-runner CODE.so CALLS\n", stderr);
    return 2;
  }
  std::string error;
  const LobitCodeTable *table = lobit::test::loadCode(readFile(argv[1]), error);
  if (!table) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  std::string file = readFile(argv[2]);
  unsigned run = 0, failed = 0;
  for (const auto &call : lobit::test::deserialize(lobit::test::Bytes(file.begin(), file.end()))) {
    std::string wrong = lobit::test::runCall(*table, call);
    ++run;
    if (!wrong.empty()) {
      ++failed;
      std::printf("%s\n", wrong.c_str());
    }
  }
  std::printf("%u calls, %u wrong\n", run, failed);
  return failed == 0 && run > 0 ? 0 : 1;
}
