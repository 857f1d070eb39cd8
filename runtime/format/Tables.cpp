#include "runtime/format/Tables.h"

#include <iterator>

namespace lobit {
namespace {

constexpr IsaInfo isas[] = {
#define LOBIT_ISA(EnumName, id, word, arch, rank, features, triple, cpu, attrs)                    \
  {Isa::EnumName, word, Arch::arch, rank, features, triple, cpu, attrs},
#include "runtime/format/Isas.inc"
};

constexpr LayoutInfo layouts[] = {
#define LOBIT_LAYOUT(EnumName, id, word, rowBlock, columnBlock, definition)                        \
  {Layout::EnumName, word, rowBlock, columnBlock, definition},
#include "runtime/format/Layouts.inc"
};

constexpr SchemeInfo schemes[] = {
#define LOBIT_SCHEME(EnumName, id, word, smallest, largest, text)                                  \
  {Scheme::EnumName, word, smallest, largest},
#include "runtime/format/Schemes.inc"
};

} // namespace

const IsaInfo *allIsas(unsigned &count) {
  count = std::size(isas);
  return isas;
}

const LayoutInfo *allLayouts(unsigned &count) {
  count = std::size(layouts);
  return layouts;
}

std::string isaWords() {
  std::string words;
  for (const IsaInfo &info : isas)
    words += (words.empty() ? "" : ", ") + std::string(info.word);
  return words;
}

const IsaInfo *findIsa(Isa isa) {
  for (const IsaInfo &info : isas)
    if (info.isa == isa)
      return &info;
  return nullptr;
}

const IsaInfo *findIsa(std::string_view word) {
  for (const IsaInfo &info : isas)
    if (word == info.word)
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
    if (word == info.word)
      return &info;
  return nullptr;
}

std::optional<Scheme> findScheme(std::string_view word) {
  for (const SchemeInfo &info : schemes)
    if (word == info.word)
      return info.scheme;
  return std::nullopt;
}

const SchemeInfo *findScheme(Scheme scheme) {
  for (const SchemeInfo &info : schemes)
    if (info.scheme == scheme)
      return &info;
  return nullptr;
}

const char *schemeWord(Scheme scheme) {
  const SchemeInfo *info = findScheme(scheme);
  return info ? info->word : "unknown";
}

const char *archWord(Arch arch) {
  switch (arch) {
  case Arch::Any:
    return "any";
  case Arch::X86_64:
    return "x86_64";
  case Arch::AArch64:
    return "aarch64";
  case Arch::Wasm32:
    return "wasm32";
  }
  return "unknown";
}

const char *granularityWord(Granularity granularity) {
  switch (granularity) {
  case Granularity::None:
    return "none";
  case Granularity::Tensor:
    return "tensor";
  case Granularity::Row:
    return "row";
  case Granularity::Group:
    return "group";
  }
  return "unknown";
}

const char *scaleTypeWord(ScaleType type) {
  switch (type) {
  case ScaleType::None:
    return "none";
  case ScaleType::F32:
    return "f32";
  case ScaleType::F16:
    return "f16";
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
