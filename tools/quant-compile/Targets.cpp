#include "tools/quant-compile/Targets.h"
#include "runtime/cpu/Cpu.h"

#include <algorithm>

namespace lobit {
namespace {

std::vector<Isa> sortedOnce(std::vector<Isa> isas) {
  std::sort(isas.begin(), isas.end());
  isas.erase(std::unique(isas.begin(), isas.end()), isas.end());
  return isas;
}

Isa bestOfHost() {
  unsigned count = 0;
  const IsaInfo *all = allIsas(count);
  const uint64_t features = detectCpuFeatures();
  const IsaInfo *best = nullptr;
  for (unsigned i = 0; i < count; ++i)
    if (all[i].arch == hostArch() && !(all[i].requiredCpuFeatures & ~features) &&
        (!best || all[i].rank > best->rank))
      best = &all[i];
  return best ? best->isa : Isa::X86V1;
}

std::vector<Isa> allOf(Arch arch) {
  unsigned count = 0;
  const IsaInfo *all = allIsas(count);
  std::vector<Isa> isas;
  for (unsigned i = 0; i < count; ++i)
    if (all[i].arch == arch)
      isas.push_back(all[i].isa);
  return isas;
}

Status unknown(const std::string &word) {
  std::string words = "host, x86";
  unsigned count = 0;
  const IsaInfo *all = allIsas(count);
  for (unsigned i = 0; i < count; ++i)
    words += std::string(", ") + all[i].word;
  return Status(StatusCode::INVALID_ARGUMENT,
                "--target: expected " + words + ", found \"" + word + "\"");
}

} // namespace

Result<std::vector<Isa>> parseTargets(const std::string &text) {
  std::vector<Isa> isas;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, comma - begin);
    begin = comma + 1;
    if (word == "host") {
      isas.push_back(bestOfHost());
    } else if (word == "x86") {
      for (Isa isa : allOf(Arch::X86_64))
        isas.push_back(isa);
    } else if (const IsaInfo *info = findIsa(word)) {
      isas.push_back(info->isa);
    } else {
      return unknown(word);
    }
  }
  return sortedOnce(isas);
}

std::vector<Isa> withBaselines(std::vector<Isa> isas) {
  for (size_t i = 0, size = isas.size(); i < size; ++i)
    for (Isa other : allOf(findIsa(isas[i])->arch))
      if (findIsa(other)->rank == 0)
        isas.push_back(other);
  return sortedOnce(isas);
}

} // namespace lobit
