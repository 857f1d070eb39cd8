/// \file
/// The enums expanded from the X-macro lists, with lookup by id and by word.
#ifndef LOBIT_FORMAT_TABLES_H
#define LOBIT_FORMAT_TABLES_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lobit {

enum class Scheme : uint32_t {
#define LOBIT_SCHEME(EnumName, id, word, smallest, largest, text) EnumName = id,
#include "runtime/format/Schemes.inc"
};

enum class Layout : uint32_t {
#define LOBIT_LAYOUT(EnumName, id, word, rowBlock, columnBlock, definition) EnumName = id,
#include "runtime/format/Layouts.inc"
};

/// How many weights share a scale.
enum class Granularity : uint32_t { None = 0, Tensor = 1, Row = 2, Group = 3 };

enum class ScaleType : uint32_t { None = 0, F32 = 1, F16 = 2 };

enum class Arch : uint32_t { Any = 0, X86_64 = 1, AArch64 = 2, Wasm32 = 3 };

enum CpuFeature : uint64_t {
#define LOBIT_CPU_FEATURE(EnumName, bit, word) EnumName = 1ull << bit,
#include "runtime/format/CpuFeatures.inc"
};

enum class Isa : uint32_t {
#define LOBIT_ISA(EnumName, id, word, arch, rank, features, triple, cpu, attrs) EnumName = id,
#include "runtime/format/Isas.inc"
};

struct SchemeInfo {
  Scheme scheme;
  const char *word;
  int8_t smallestCode; ///< Both codes are 0 for values that are kept.
  int8_t largestCode;

  constexpr bool isKept() const { return largestCode == 0; }
};

struct IsaInfo {
  Isa isa;
  const char *word;
  Arch arch;
  uint32_t rank;
  uint64_t requiredCpuFeatures;
  const char *triple;
  const char *cpu;
  const char *llvmFeatures;
};

struct LayoutInfo {
  Layout layout;
  const char *word;
  uint32_t rowBlock;
  uint32_t columnBlock;
  const char *definition;
};

/// All rows of the tables, in id order; `count` receives their number.
const IsaInfo *allIsas(unsigned &count);
const LayoutInfo *allLayouts(unsigned &count);

/// "x86-64-v1, avx2, ...": for messages that list what is known.
std::string isaWords();

const IsaInfo *findIsa(Isa isa);
const IsaInfo *findIsa(std::string_view word);
const SchemeInfo *findScheme(Scheme scheme);
const LayoutInfo *findLayout(Layout layout);
const LayoutInfo *findLayout(std::string_view word);
std::optional<Scheme> findScheme(std::string_view word);
const char *schemeWord(Scheme scheme);
const char *archWord(Arch arch);
const char *granularityWord(Granularity granularity);
const char *scaleTypeWord(ScaleType type);
const char *cpuFeatureWord(CpuFeature feature);

} // namespace lobit

#endif // LOBIT_FORMAT_TABLES_H
