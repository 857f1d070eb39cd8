#include "tools/quant-compile/Targets.h"
#include "runtime/cpu/Cpu.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace lobit {
namespace {

/// Words that stand for all targets of an architecture.
struct Family {
  const char *word;
  Arch arch;
};
constexpr Family families[] = {
    {"x86", Arch::X86_64}, {"arm", Arch::AArch64}, {"wasm", Arch::Wasm32}};

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

const Family *findFamily(const std::string &word) {
  for (const Family &family : families)
    if (word == family.word)
      return &family;
  return nullptr;
}

} // namespace

std::string targetWords() {
  std::string words = "host";
  for (const Family &family : families)
    words += std::string(", ") + family.word;
  return words + ", " + isaWords();
}

Result<std::vector<Isa>> parseTargets(const std::string &text) {
  std::vector<Isa> isas;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, comma - begin);
    begin = comma + 1;
    if (word == "host") {
      isas.push_back(bestOfHost());
    } else if (const Family *family = findFamily(word)) {
      for (Isa isa : allOf(family->arch))
        isas.push_back(isa);
    } else if (const IsaInfo *info = findIsa(word)) {
      isas.push_back(info->isa);
    } else {
      return Status(StatusCode::INVALID_ARGUMENT,
                    "--target: expected " + targetWords() + ", found \"" + word + "\"");
    }
  }
  return sortedOnce(isas);
}

Isa baselineOf(Arch arch) {
  for (Isa isa : allOf(arch))
    if (findIsa(isa)->rank == 0)
      return isa;
  return Isa::X86V1;
}

std::vector<Isa> withBaselines(std::vector<Isa> isas) {
  for (size_t i = 0, size = isas.size(); i < size; ++i)
    isas.push_back(baselineOf(findIsa(isas[i])->arch));
  return sortedOnce(isas);
}

std::string listTargets(bool json) {
  unsigned count = 0;
  const IsaInfo *all = allIsas(count);
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (unsigned i = 0; i < count; ++i)
      list.push_back({{"target", all[i].word},
                      {"id", uint32_t(all[i].isa)},
                      {"architecture", archWord(all[i].arch)},
                      {"rank", all[i].rank},
                      {"needs", cpuFeatureWords(all[i].requiredCpuFeatures)},
                      {"triple", all[i].triple}});
    return list.dump(2) + "\n";
  }
  char line[160];
  std::snprintf(line, sizeof line, "%-14s %-13s %-5s %s\n", "target", "architecture", "rank",
                "needs");
  std::string text = line;
  for (unsigned i = 0; i < count; ++i) {
    const std::string needs = cpuFeatureWords(all[i].requiredCpuFeatures);
    std::snprintf(line, sizeof line, "%-14s %-13s %-5u %s\n", all[i].word, archWord(all[i].arch),
                  all[i].rank, needs.empty() ? "- (baseline)" : needs.c_str());
    text += line;
  }
  text += "\nhost is the best of this machine";
  for (const Family &family : families)
    text += std::string(", ") + family.word + " all of " + archWord(family.arch);
  return text + ".\n";
}

} // namespace lobit
