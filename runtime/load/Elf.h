/// \file
/// The form of a code section: a freestanding ELF shared object, checked before
/// anything of it is mapped.
#ifndef LOBIT_LOAD_ELF_H
#define LOBIT_LOAD_ELF_H

#include "runtime/format/ByteView.h"
#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include <vector>

namespace lobit {

struct ElfSegment {
  uint64_t fileOffset, fileBytes;
  uint64_t address, memoryBytes;
  bool writable, executable;
};

struct ElfRelocation {
  uint64_t address; ///< of 8 bytes inside a writable segment
  uint64_t value;   ///< stored there plus the base of the image
};

/// All that the loader needs, every range checked.
struct ElfImage {
  std::vector<ElfSegment> segments; ///< ascending, on pages of their own
  std::vector<ElfRelocation> relocations;
  uint64_t imageBytes = 0; ///< end of the last segment
  uint64_t query = 0;      ///< address of LOBIT_CODE_SYMBOL
};

/// MALFORMED unless `bytes` is: ELF64, little-endian, ET_DYN, for `arch`; without
/// interpreter, TLS, needed libraries, constructors, destructors, search paths, text
/// relocations, segments both writable and executable, executable stack; with relative
/// relocations only; with exactly one dynamic symbol, the function LOBIT_CODE_SYMBOL;
/// all ranges inside the section.
Result<ElfImage> lintElf(ByteView bytes, Arch arch);

} // namespace lobit

#endif // LOBIT_LOAD_ELF_H
