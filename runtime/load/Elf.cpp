#include "runtime/load/Elf.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/CodeAbi.h"

#include <cstring>
#include <string>
#include <string_view>

namespace lobit {

namespace {

// Names and numbers of the ELF specification.
enum : uint32_t {
  PT_NULL = 0,
  PT_LOAD = 1,
  PT_DYNAMIC = 2,
  PT_INTERP = 3,
  PT_NOTE = 4,
  PT_PHDR = 6,
  PT_TLS = 7,
  PT_GNU_EH_FRAME = 0x6474e550,
  PT_GNU_STACK = 0x6474e551,
  PT_GNU_RELRO = 0x6474e552,
  PT_GNU_PROPERTY = 0x6474e553,
  PF_X = 1,
  PF_W = 2,
};
enum : uint64_t {
  DT_NULL = 0,
  DT_NEEDED = 1,
  DT_PLTRELSZ = 2,
  DT_HASH = 4,
  DT_STRTAB = 5,
  DT_SYMTAB = 6,
  DT_RELA = 7,
  DT_RELASZ = 8,
  DT_RELAENT = 9,
  DT_STRSZ = 10,
  DT_SYMENT = 11,
  DT_INIT = 12,
  DT_FINI = 13,
  DT_SONAME = 14,
  DT_RPATH = 15,
  DT_SYMBOLIC = 16,
  DT_REL = 17,
  DT_TEXTREL = 22,
  DT_JMPREL = 23,
  DT_INIT_ARRAY = 25,
  DT_FINI_ARRAY = 26,
  DT_RUNPATH = 29,
  DT_FLAGS = 30,
  DT_PREINIT_ARRAY = 32,
  DT_GNU_HASH = 0x6ffffef5,
  DT_RELACOUNT = 0x6ffffff9,
  DT_FLAGS_1 = 0x6ffffffb,
  DF_TEXTREL = 4,
  DF_STATIC_TLS = 16,
};
constexpr uint64_t kPage = 4096; // the smallest page of any supported system
constexpr uint64_t kMaxImageBytes = 512ull << 20;

Status bad(std::string message) {
  return Status(StatusCode::MALFORMED, "code is refused: " + std::move(message));
}

uint32_t loadU16(const uint8_t *p) { return uint32_t(p[0]) | uint32_t(p[1]) << 8; }

struct DynamicName {
  uint64_t tag;
  const char *word;
};
/// What would make the system run or load something else than the checked bytes.
constexpr DynamicName kForbidden[] = {
    {DT_NEEDED, "a needed library"},
    {DT_INIT, "a constructor (DT_INIT)"},
    {DT_FINI, "a destructor (DT_FINI)"},
    {DT_INIT_ARRAY, "constructors (DT_INIT_ARRAY)"},
    {DT_FINI_ARRAY, "destructors (DT_FINI_ARRAY)"},
    {DT_PREINIT_ARRAY, "constructors (DT_PREINIT_ARRAY)"},
    {DT_RPATH, "a search path (DT_RPATH)"},
    {DT_RUNPATH, "a search path (DT_RUNPATH)"},
    {DT_TEXTREL, "text relocations"},
    {DT_JMPREL, "relocations of imported functions"},
    {DT_PLTRELSZ, "relocations of imported functions"},
    {DT_REL, "relocations without addends"},
};

class Lint {
public:
  Lint(ByteView bytes, Arch arch) : bytes_(bytes), arch_(arch) {}

  Status run() {
    for (Status (Lint::*step)() :
         {&Lint::header, &Lint::segments, &Lint::dynamic, &Lint::relocations, &Lint::symbols})
      if (Status status = (this->*step)(); !status.ok())
        return status;
    return {};
  }

  ElfImage image;

private:
  Status header();
  Status segments();
  Status dynamic();
  Status relocations();
  Status symbols();

  /// The segment whose memory holds [address, + size), or null.
  const ElfSegment *segmentOf(uint64_t address, uint64_t size) const {
    for (const ElfSegment &segment : image.segments)
      if (address >= segment.address &&
          rangeInside(address - segment.address, size, segment.memoryBytes))
        return &segment;
    return nullptr;
  }
  /// The bytes in the file of [address, + size), or null.
  const uint8_t *fileBytes(uint64_t address, uint64_t size) const {
    const ElfSegment *segment = segmentOf(address, size);
    if (!segment || !rangeInside(address - segment->address, size, segment->fileBytes))
      return nullptr;
    return bytes_.data + segment->fileOffset + (address - segment->address);
  }

  ByteView bytes_;
  Arch arch_;
  uint64_t dynamicOffset_ = 0, dynamicBytes_ = 0;
  struct {
    uint64_t hash = 0, gnuHash = 0, strings = 0, stringBytes = 0, symbols = 0, rela = 0,
             relaBytes = 0;
    bool hasStrings = false, hasSymbols = false, hasRela = false;
  } table_;
};

Status Lint::header() {
  if (bytes_.size < 64)
    return bad("it has " + std::to_string(bytes_.size) + " bytes, an ELF header has 64");
  const uint8_t *h = bytes_.data;
  if (memcmp(h,
             "\x7f"
             "ELF",
             4) != 0)
    return bad("it is no ELF file");
  if (h[4] != 2 || h[5] != 1 || h[6] != 1 || loadU32(h + 20) != 1)
    return bad("it is not 64-bit little-endian ELF version 1");
  if (loadU16(h + 16) != 3)
    return bad("its type is " + std::to_string(loadU16(h + 16)) + ", expected 3 (shared object)");
  uint32_t machine = arch_ == Arch::X86_64 ? 62 : arch_ == Arch::AArch64 ? 183 : 0;
  if (loadU16(h + 18) != machine)
    return bad("its machine is " + std::to_string(loadU16(h + 18)) + ", expected " +
               std::to_string(machine));
  return {};
}

Status Lint::segments() {
  const uint8_t *h = bytes_.data;
  uint64_t offset = loadU64(h + 32);
  uint32_t entryBytes = loadU16(h + 54), count = loadU16(h + 56);
  if (entryBytes != 56)
    return bad("program headers of " + std::to_string(entryBytes) + " bytes, expected 56");
  if (count == 0 || count > 64)
    return bad(std::to_string(count) + " program headers, expected 1 to 64");
  if (!rangeInside(offset, uint64_t(count) * 56, bytes_.size))
    return bad("the program headers lie outside the section");
  bool haveStack = false, haveDynamic = false;
  uint64_t end = 0; // of the last PT_LOAD, rounded up to a page
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t *p = bytes_.data + offset + uint64_t(i) * 56;
    uint32_t type = loadU32(p), flags = loadU32(p + 4);
    uint64_t fileOffset = loadU64(p + 8), address = loadU64(p + 16), fileSize = loadU64(p + 32),
             memorySize = loadU64(p + 40), alignment = loadU64(p + 48);
    std::string name = "segment " + std::to_string(i);
    switch (type) {
    case PT_LOAD: {
      if (!rangeInside(fileOffset, fileSize, bytes_.size))
        return bad(name + " lies outside the section");
      if (memorySize < fileSize || memorySize > kMaxImageBytes || address > kMaxImageBytes)
        return bad(name + " has an impossible size or address");
      if ((flags & PF_W) && (flags & PF_X))
        return bad(name + " is writable and executable");
      if (alignment < kPage || (alignment & (alignment - 1)) != 0 ||
          (address - fileOffset) % kPage != 0)
        return bad(name + " is not aligned to pages");
      if (memorySize == 0)
        continue;
      if ((address & ~(kPage - 1)) < end)
        return bad(name + " shares a page with the segment before");
      if (memorySize > fileSize && !(flags & PF_W))
        return bad(name + " has zeros beyond the file but is not writable");
      end = roundUp(address + memorySize, kPage);
      image.segments.push_back(
          {fileOffset, fileSize, address, memorySize, (flags & PF_W) != 0, (flags & PF_X) != 0});
      image.imageBytes = end;
      break;
    }
    case PT_DYNAMIC:
      if (haveDynamic)
        return bad("it has two dynamic tables");
      haveDynamic = true;
      if (!rangeInside(fileOffset, fileSize, bytes_.size) || fileSize % 16 != 0)
        return bad("the dynamic table lies outside the section");
      dynamicOffset_ = fileOffset;
      dynamicBytes_ = fileSize;
      break;
    case PT_INTERP:
      return bad("it asks for a program interpreter");
    case PT_TLS:
      return bad("it has thread-local storage");
    case PT_GNU_STACK:
      haveStack = true;
      if (flags & PF_X)
        return bad("it asks for an executable stack");
      break;
    case PT_NULL:
    case PT_NOTE:
    case PT_PHDR:
    case PT_GNU_EH_FRAME:
    case PT_GNU_RELRO:
    case PT_GNU_PROPERTY:
      break;
    default:
      return bad(name + " has type " + std::to_string(type) + ", which is not known");
    }
  }
  if (image.segments.empty())
    return bad("it has no loadable segment");
  if (!haveStack)
    return bad("it does not say that the stack is not executable (PT_GNU_STACK)");
  if (!haveDynamic)
    return bad("it has no dynamic table");
  return {};
}

Status Lint::dynamic() {
  const uint8_t *table = bytes_.data + dynamicOffset_;
  for (uint64_t at = 0; at < dynamicBytes_; at += 16) {
    uint64_t tag = loadU64(table + at), value = loadU64(table + at + 8);
    for (const DynamicName &forbidden : kForbidden)
      if (tag == forbidden.tag)
        return bad(std::string("it has ") + forbidden.word);
    switch (tag) {
    case DT_NULL:
      return {};
    case DT_HASH:
      table_.hash = value;
      break;
    case DT_GNU_HASH:
      table_.gnuHash = value;
      break;
    case DT_STRTAB:
      table_.strings = value;
      table_.hasStrings = true;
      break;
    case DT_STRSZ:
      table_.stringBytes = value;
      break;
    case DT_SYMTAB:
      table_.symbols = value;
      table_.hasSymbols = true;
      break;
    case DT_SYMENT:
      if (value != 24)
        return bad("symbols of " + std::to_string(value) + " bytes, expected 24");
      break;
    case DT_RELA:
      table_.rela = value;
      table_.hasRela = true;
      break;
    case DT_RELASZ:
      table_.relaBytes = value;
      break;
    case DT_RELAENT:
      if (value != 24)
        return bad("relocations of " + std::to_string(value) + " bytes, expected 24");
      break;
    case DT_FLAGS:
      if (value & DF_TEXTREL)
        return bad("it has text relocations");
      if (value & DF_STATIC_TLS)
        return bad("it has thread-local storage");
      break;
    case DT_SONAME:
    case DT_SYMBOLIC:
    case DT_RELACOUNT:
    case DT_FLAGS_1:
      break;
    default:
      return bad("its dynamic table has tag " + std::to_string(tag) + ", which is not known");
    }
  }
  return bad("its dynamic table has no end");
}

Status Lint::relocations() {
  if (!table_.hasRela)
    return {};
  const uint8_t *rela = fileBytes(table_.rela, table_.relaBytes);
  if (!rela || table_.relaBytes % 24 != 0)
    return bad("its relocations lie outside the segments");
  uint32_t relative = arch_ == Arch::X86_64 ? 8 : 1027;
  for (uint64_t at = 0; at < table_.relaBytes; at += 24) {
    uint64_t address = loadU64(rela + at), info = loadU64(rela + at + 8),
             addend = loadU64(rela + at + 16);
    if (info != relative)
      return bad("relocation " + std::to_string(at / 24) + " is of type " +
                 std::to_string(uint32_t(info)) + " for symbol " + std::to_string(info >> 32) +
                 ", only relative ones are taken");
    const ElfSegment *segment = segmentOf(address, 8);
    if (!segment || !segment->writable)
      return bad("relocation " + std::to_string(at / 24) + " is not in a writable segment");
    if (addend >= image.imageBytes)
      return bad("relocation " + std::to_string(at / 24) + " points outside the image");
    image.relocations.push_back({address, addend});
  }
  return {};
}

Status Lint::symbols() {
  if (!table_.hasSymbols || !table_.hasStrings)
    return bad("it has no dynamic symbols");
  // One symbol besides the empty symbol 0. DT_HASH says so directly; in DT_GNU_HASH the
  // chain that starts at symbol 1 ends there.
  if (table_.hash) {
    const uint8_t *hash = fileBytes(table_.hash, 8);
    if (!hash)
      return bad("its symbol hash table lies outside the segments");
    if (loadU32(hash + 4) != 2)
      return bad("it has " + std::to_string(loadU32(hash + 4)) +
                 " dynamic symbols, expected 2 (the empty one and " LOBIT_CODE_SYMBOL ")");
  } else if (table_.gnuHash) {
    const uint8_t *hash = fileBytes(table_.gnuHash, 16);
    if (!hash)
      return bad("its symbol hash table lies outside the segments");
    uint64_t buckets = loadU32(hash), first = loadU32(hash + 4), bloom = loadU32(hash + 8);
    uint64_t chainAt = table_.gnuHash + 16 + 8 * bloom + 4 * buckets;
    const uint8_t *chain = fileBytes(chainAt, 4);
    if (!chain)
      return bad("its symbol hash table lies outside the segments");
    const uint8_t *bucket = fileBytes(chainAt - 4 * buckets, 4 * buckets);
    bool onlyOne = first == 1 && (loadU32(chain) & 1);
    for (uint64_t i = 0; bucket && i < buckets; ++i)
      onlyOne &= loadU32(bucket + 4 * i) <= 1;
    if (!bucket || !onlyOne)
      return bad("its dynamic symbols are not exactly " LOBIT_CODE_SYMBOL);
  } else {
    return bad("it has no symbol hash table");
  }
  const uint8_t *symbol = fileBytes(table_.symbols, 48);
  if (!symbol)
    return bad("its dynamic symbols lie outside the segments");
  symbol += 24;
  constexpr std::string_view want = LOBIT_CODE_SYMBOL;
  uint64_t name = loadU32(symbol);
  const uint8_t *strings = fileBytes(table_.strings, table_.stringBytes);
  if (!strings || !rangeInside(name, want.size() + 1, table_.stringBytes) ||
      memcmp(strings + name, want.data(), want.size() + 1) != 0)
    return bad("its dynamic symbol is not " LOBIT_CODE_SYMBOL);
  uint32_t type = symbol[4] & 15, section = loadU16(symbol + 6);
  if (section == 0)
    return bad("it imports " LOBIT_CODE_SYMBOL);
  if (type != 2)
    return bad("the type of " LOBIT_CODE_SYMBOL " is " + std::to_string(type) +
               ", expected 2 (function)");
  image.query = loadU64(symbol + 8);
  const ElfSegment *segment = segmentOf(image.query, 1);
  if (!segment || !segment->executable)
    return bad(LOBIT_CODE_SYMBOL " is not in an executable segment");
  return {};
}

} // namespace

Result<ElfImage> lintElf(ByteView bytes, Arch arch) {
  Lint lint(bytes, arch);
  if (Status status = lint.run(); !status.ok())
    return status;
  return std::move(lint.image);
}

} // namespace lobit
