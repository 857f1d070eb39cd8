/// One test for each rule of lintElf: real code with one thing changed.
#include "runtime/load/Elf.h"
#include "test/runtime/support/FakeArtifact.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <functional>

using namespace lobit;
using namespace lobit::test;

namespace {

struct Object {
  Bytes bytes = fakeModelCode();

  template <typename T> T *at(uint64_t offset) {
    return reinterpret_cast<T *>(bytes.data() + offset);
  }
  Elf64_Ehdr &header() { return *at<Elf64_Ehdr>(0); }
  Elf64_Phdr *segments() { return at<Elf64_Phdr>(header().e_phoff); }
  Elf64_Phdr &segment(uint32_t type, uint32_t flags = 0) {
    for (unsigned i = 0; i < header().e_phnum; ++i)
      if (segments()[i].p_type == type && (segments()[i].p_flags & flags) == flags)
        return segments()[i];
    ADD_FAILURE() << "no segment of type " << type;
    return segments()[0];
  }
  uint64_t fileOffset(uint64_t address) {
    for (unsigned i = 0; i < header().e_phnum; ++i) {
      const Elf64_Phdr &s = segments()[i];
      if (s.p_type == PT_LOAD && address >= s.p_vaddr && address < s.p_vaddr + s.p_filesz)
        return address - s.p_vaddr + s.p_offset;
    }
    ADD_FAILURE() << "no bytes at " << address;
    return 0;
  }
  Elf64_Dyn &dynamic(int64_t tag) {
    Elf64_Dyn *entry = at<Elf64_Dyn>(segment(PT_DYNAMIC).p_offset);
    while (entry->d_tag != tag && entry->d_tag != DT_NULL)
      ++entry;
    EXPECT_EQ(entry->d_tag, tag);
    return *entry;
  }
  Elf64_Sym &symbol() {
    return *at<Elf64_Sym>(fileOffset(dynamic(DT_SYMTAB).d_un.d_ptr) + sizeof(Elf64_Sym));
  }
  Elf64_Rela &relocation() { return *at<Elf64_Rela>(fileOffset(dynamic(DT_RELA).d_un.d_ptr)); }
  /// Turns an entry nobody needs into another one.
  void replaceDynamic(int64_t tag, uint64_t value) {
    Elf64_Dyn &entry = dynamic(DT_RELACOUNT);
    entry.d_tag = tag;
    entry.d_un.d_val = value;
  }

  std::string refusal(Arch arch = hostArch()) {
    // An exact copy, so that a sanitizer sees reads past the end.
    Bytes exact(bytes.begin(), bytes.end());
    Result<ElfImage> image = lintElf(view(exact), arch);
    if (image.ok())
      return "accepted";
    EXPECT_EQ(image.status().code(), StatusCode::MALFORMED);
    const std::string &message = image.status().message();
    const std::string prefix = "code is refused: ";
    EXPECT_EQ(message.substr(0, prefix.size()), prefix);
    return message.substr(prefix.size());
  }
};

std::string refusalAfter(const std::function<void(Object &)> &change) {
  Object object;
  change(object);
  return object.refusal();
}

TEST(Elf, AcceptsFreestandingCode) {
  Object object;
  Result<ElfImage> image = lintElf(view(object.bytes), hostArch());
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_GE(image->segments.size(), 2u);
  EXPECT_EQ(image->relocations.size(), 3u); // two functions and the table's pointer
  EXPECT_NE(image->query, 0u);
  for (const ElfSegment &segment : image->segments)
    EXPECT_FALSE(segment.writable && segment.executable);
}

TEST(Elf, RefusesTheHeader) {
  const bool onArm = hostArch() == Arch::AArch64;
  EXPECT_EQ(refusalAfter([](Object &o) { o.bytes.resize(40); }),
            "it has 40 bytes, an ELF header has 64");
  EXPECT_EQ(refusalAfter([](Object &o) { o.bytes[0] = 'M'; }), "it is no ELF file");
  EXPECT_EQ(refusalAfter([](Object &o) { o.bytes[EI_CLASS] = ELFCLASS32; }),
            "it is not 64-bit little-endian ELF version 1");
  EXPECT_EQ(refusalAfter([](Object &o) { o.bytes[EI_DATA] = ELFDATA2MSB; }),
            "it is not 64-bit little-endian ELF version 1");
  EXPECT_EQ(refusalAfter([](Object &o) { o.header().e_type = ET_EXEC; }),
            "its type is 2, expected 3 (shared object)");
  EXPECT_EQ(refusalAfter([](Object &o) { o.header().e_machine = EM_386; }),
            std::string("its machine is 3, expected ") + (onArm ? "183" : "62"));
  Object other;
  EXPECT_EQ(other.refusal(onArm ? Arch::X86_64 : Arch::AArch64),
            onArm ? "its machine is 183, expected 62" : "its machine is 62, expected 183");
}

TEST(Elf, RefusesProgramHeaders) {
  EXPECT_EQ(refusalAfter([](Object &o) { o.header().e_phentsize = 32; }),
            "program headers of 32 bytes, expected 56");
  EXPECT_EQ(refusalAfter([](Object &o) { o.header().e_phnum = 0; }),
            "0 program headers, expected 1 to 64");
  EXPECT_EQ(refusalAfter([](Object &o) { o.header().e_phnum = 65; }),
            "65 program headers, expected 1 to 64");
  EXPECT_EQ(refusalAfter([](Object &o) { o.header().e_phoff = ~0ull - 8; }),
            "the program headers lie outside the section");
}

TEST(Elf, RefusesSegments) {
  EXPECT_NE(refusalAfter([](Object &o) {
              o.segment(PT_LOAD, PF_X).p_flags |= PF_W;
            }).find("is writable and executable"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) {
              o.segment(PT_LOAD).p_filesz = 1ull << 62;
            }).find("lies outside the section"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) {
              o.segment(PT_LOAD).p_offset = ~0ull;
            }).find("lies outside the section"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) {
              o.segment(PT_LOAD).p_memsz = 1ull << 40;
            }).find("has an impossible size or address"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) {
              o.segment(PT_LOAD).p_memsz = 1;
            }).find("has an impossible size or address"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) {
              o.segment(PT_LOAD).p_align = 3;
            }).find("is not aligned to pages"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) { o.segment(PT_LOAD, PF_X).p_vaddr = 0; }).find("segment"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) {
              Elf64_Phdr &text = o.segment(PT_LOAD, PF_X);
              text.p_memsz = text.p_filesz + 8;
            }).find("has zeros beyond the file but is not writable"),
            std::string::npos);
  EXPECT_NE(refusalAfter([](Object &o) {
              for (unsigned i = 0; i < o.header().e_phnum; ++i)
                if (o.segments()[i].p_type == PT_LOAD)
                  o.segments()[i].p_vaddr = o.segments()[i].p_vaddr & 4095;
            }).find("shares a page with the segment before"),
            std::string::npos);
  EXPECT_EQ(refusalAfter([](Object &o) {
              for (unsigned i = 0; i < o.header().e_phnum; ++i)
                if (o.segments()[i].p_type == PT_LOAD)
                  o.segments()[i].p_type = PT_NOTE;
            }),
            "it has no loadable segment");
  EXPECT_EQ(refusalAfter([](Object &o) { o.segment(PT_GNU_STACK).p_type = PT_INTERP; }),
            "it asks for a program interpreter");
  EXPECT_EQ(refusalAfter([](Object &o) { o.segment(PT_GNU_STACK).p_type = PT_TLS; }),
            "it has thread-local storage");
  EXPECT_EQ(refusalAfter([](Object &o) { o.segment(PT_GNU_STACK).p_flags |= PF_X; }),
            "it asks for an executable stack");
  EXPECT_EQ(refusalAfter([](Object &o) { o.segment(PT_GNU_STACK).p_type = PT_NULL; }),
            "it does not say that the stack is not executable (PT_GNU_STACK)");
  EXPECT_NE(refusalAfter([](Object &o) {
              o.segment(PT_GNU_STACK).p_type = 0x60000001;
            }).find("has type 1610612737, which is not known"),
            std::string::npos);
  EXPECT_EQ(refusalAfter([](Object &o) { o.segment(PT_DYNAMIC).p_type = PT_NULL; }),
            "it has no dynamic table");
  EXPECT_EQ(refusalAfter([](Object &o) {
              Elf64_Phdr &stack = o.segment(PT_GNU_STACK);
              stack = o.segment(PT_DYNAMIC);
            }),
            "it has two dynamic tables");
  EXPECT_EQ(refusalAfter([](Object &o) { o.segment(PT_DYNAMIC).p_offset = 1ull << 40; }),
            "the dynamic table lies outside the section");
}

TEST(Elf, RefusesDynamicEntries) {
  const std::pair<int64_t, const char *> forbidden[] = {
      {DT_NEEDED, "it has a needed library"},
      {DT_INIT, "it has a constructor (DT_INIT)"},
      {DT_FINI, "it has a destructor (DT_FINI)"},
      {DT_INIT_ARRAY, "it has constructors (DT_INIT_ARRAY)"},
      {DT_FINI_ARRAY, "it has destructors (DT_FINI_ARRAY)"},
      {DT_PREINIT_ARRAY, "it has constructors (DT_PREINIT_ARRAY)"},
      {DT_RPATH, "it has a search path (DT_RPATH)"},
      {DT_RUNPATH, "it has a search path (DT_RUNPATH)"},
      {DT_TEXTREL, "it has text relocations"},
      {DT_JMPREL, "it has relocations of imported functions"},
      {DT_PLTRELSZ, "it has relocations of imported functions"},
      {DT_REL, "it has relocations without addends"},
      {0x12345678, "its dynamic table has tag 305419896, which is not known"},
  };
  for (const auto &[tag, message] : forbidden) {
    int64_t wanted = tag;
    EXPECT_EQ(refusalAfter([&](Object &o) { o.replaceDynamic(wanted, 1); }), message);
  }
  EXPECT_EQ(refusalAfter([](Object &o) { o.replaceDynamic(DT_FLAGS, DF_TEXTREL); }),
            "it has text relocations");
  EXPECT_EQ(refusalAfter([](Object &o) { o.replaceDynamic(DT_FLAGS, DF_STATIC_TLS); }),
            "it has thread-local storage");
  EXPECT_EQ(refusalAfter([](Object &o) { o.dynamic(DT_SYMENT).d_un.d_val = 16; }),
            "symbols of 16 bytes, expected 24");
  EXPECT_EQ(refusalAfter([](Object &o) { o.dynamic(DT_RELAENT).d_un.d_val = 16; }),
            "relocations of 16 bytes, expected 24");
  EXPECT_EQ(refusalAfter([](Object &o) { o.segment(PT_DYNAMIC).p_filesz = 16; }),
            "its dynamic table has no end");
}

TEST(Elf, RefusesRelocations) {
  EXPECT_EQ(refusalAfter([](Object &o) { o.relocation().r_info = R_X86_64_IRELATIVE; }),
            "relocation 0 is of type 37 for symbol 0, only relative ones are taken");
  EXPECT_EQ(refusalAfter([](Object &o) { o.relocation().r_info = ELF64_R_INFO(1, R_X86_64_64); }),
            "relocation 0 is of type 1 for symbol 1, only relative ones are taken");
  EXPECT_EQ(refusalAfter([](Object &o) { o.relocation().r_offset = o.symbol().st_value; }),
            "relocation 0 is not in a writable segment");
  EXPECT_EQ(refusalAfter([](Object &o) { o.relocation().r_offset = ~0ull - 3; }),
            "relocation 0 is not in a writable segment");
  EXPECT_EQ(refusalAfter([](Object &o) { o.relocation().r_addend = 1ll << 40; }),
            "relocation 0 points outside the image");
  EXPECT_EQ(refusalAfter([](Object &o) { o.dynamic(DT_RELASZ).d_un.d_val += 24 << 20; }),
            "its relocations lie outside the segments");
}

TEST(Elf, RefusesSymbols) {
  EXPECT_EQ(refusalAfter([](Object &o) {
              o.at<uint32_t>(o.fileOffset(o.dynamic(DT_HASH).d_un.d_ptr))[1] = 3;
            }),
            "it has 3 dynamic symbols, expected 2 (the empty one and lobit_code_query)");
  EXPECT_EQ(refusalAfter([](Object &o) { o.dynamic(DT_HASH).d_un.d_ptr = 1ull << 40; }),
            "its symbol hash table lies outside the segments");
  EXPECT_EQ(refusalAfter([](Object &o) { o.dynamic(DT_SYMTAB).d_tag = DT_SONAME; }),
            "it has no dynamic symbols");
  EXPECT_EQ(refusalAfter([](Object &o) { o.dynamic(DT_SYMTAB).d_un.d_ptr = 1ull << 40; }),
            "its dynamic symbols lie outside the segments");
  EXPECT_EQ(refusalAfter([](Object &o) {
              o.bytes[o.fileOffset(o.dynamic(DT_STRTAB).d_un.d_ptr) + o.symbol().st_name] = 'x';
            }),
            "its dynamic symbol is not lobit_code_query");
  EXPECT_EQ(refusalAfter([](Object &o) { o.symbol().st_shndx = SHN_UNDEF; }),
            "it imports lobit_code_query");
  EXPECT_EQ(refusalAfter(
                [](Object &o) { o.symbol().st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC); }),
            "the type of lobit_code_query is 10, expected 2 (function)");
  EXPECT_EQ(refusalAfter([](Object &o) { o.symbol().st_value = 0; }),
            "lobit_code_query is not in an executable segment");
  // Without DT_HASH the GNU table decides.
  auto gnuOnly = [](Object &o) { o.dynamic(DT_HASH).d_tag = DT_SONAME; };
  EXPECT_EQ(refusalAfter(gnuOnly), "accepted");
  EXPECT_EQ(refusalAfter([&](Object &o) {
              gnuOnly(o);
              o.at<uint32_t>(o.fileOffset(o.dynamic(DT_GNU_HASH).d_un.d_ptr))[1] = 2;
            }),
            "its dynamic symbols are not exactly lobit_code_query");
  EXPECT_EQ(refusalAfter([&](Object &o) {
              gnuOnly(o);
              o.at<uint32_t>(o.fileOffset(o.dynamic(DT_GNU_HASH).d_un.d_ptr))[0] = 0xFFFFFFFF;
            }),
            "its symbol hash table lies outside the segments");
  EXPECT_EQ(refusalAfter([&](Object &o) {
              gnuOnly(o);
              o.dynamic(DT_GNU_HASH).d_tag = DT_SONAME;
            }),
            "it has no symbol hash table");
}

TEST(Elf, EveryTruncationAndByteFlipIsSafe) {
  const Bytes code = fakeModelCode();
  for (size_t size = 0; size < code.size(); size += 7) {
    Bytes part(code.begin(), code.begin() + long(size));
    (void)lintElf(view(part), hostArch());
  }
  for (size_t at = 0; at < std::min<size_t>(code.size(), 4096); ++at)
    for (uint8_t flip : {uint8_t(1), uint8_t(0x80), uint8_t(0xFF)}) {
      Bytes changed = code;
      changed[at] ^= flip;
      (void)lintElf(view(changed), hostArch());
    }
}

} // namespace
