#include "runtime/format/Tables.h"

namespace lobit {

static constexpr IsaInfo isas[] = {
#define LOBIT_ISA(EnumName, id, word, arch, rank, features, triple, cpu, attrs)                    \
  {Isa::EnumName, word, Arch::arch, rank, uint64_t(features), triple, cpu, attrs},
#include "runtime/format/Isas.inc"
};

static constexpr LayoutInfo layouts[] = {
#define LOBIT_LAYOUT(EnumName, id, word, rowBlock, columnBlock, definition)                        \
  {Layout::EnumName, word, rowBlock, columnBlock, definition},
#include "runtime/format/Layouts.inc"
};

const IsaInfo *allIsas(unsigned &count) {
  count = sizeof(isas) / sizeof(isas[0]);
  return isas;
}

const LayoutInfo *allLayouts(unsigned &count) {
  count = sizeof(layouts) / sizeof(layouts[0]);
  return layouts;
}

const IsaInfo *findIsa(Isa isa) {
  for (const IsaInfo &info : isas)
    if (info.isa == isa)
      return &info;
  return nullptr;
}

const IsaInfo *findIsa(std::string_view word) {
  for (const IsaInfo &info : isas)
    if (info.word == word)
      return &info;
  return nullptr;
}

const LayoutInfo *findLayout(Layout layout) {
  for (const LayoutInfo &info : layouts)
    if (info.layout == layout)
      return &info;
  return nullptr;
}

const LayoutInfo *findLayout(std::string_view word) {
  for (const LayoutInfo &info : layouts)
    if (info.word == word)
      return &info;
  return nullptr;
}

std::optional<Scheme> findScheme(std::string_view word) {
#define LOBIT_SCHEME(EnumName, id, schemeName, text)                                               \
  if (word == schemeName)                                                                          \
    return Scheme::EnumName;
#include "runtime/format/Schemes.inc"
  return std::nullopt;
}

const char *schemeWord(Scheme scheme) {
  switch (scheme) {
#define LOBIT_SCHEME(EnumName, id, word, text)                                                     \
  case Scheme::EnumName:                                                                           \
    return word;
#include "runtime/format/Schemes.inc"
  }
  return "unknown";
}

const char *cpuFeatureWord(CpuFeature feature) {
  switch (feature) {
#define LOBIT_CPU_FEATURE(EnumName, bit, word)                                                     \
  case EnumName:                                                                                   \
    return word;
#include "runtime/format/CpuFeatures.inc"
  }
  return "unknown";
}

} // namespace lobit
