// Files, mappings and memory that code is run from: a wasm module has none of them.
#include "runtime/platform/Memory.h"
#include "runtime/platform/File.h"
#include "runtime/platform/wasm/Heap.h"

#include <utility>

namespace lobit::platform {

static Status notHere(const char *what) {
  return Status(StatusCode::UNSUPPORTED, std::string("a wasm module has no ") + what);
}

Result<File> File::open(const char *) { return notHere("files; open the model from memory"); }
File::File(File &&other) noexcept = default;
File &File::operator=(File &&other) noexcept = default;
File::~File() = default;
Status File::read(uint64_t, uint8_t *, uint64_t) const { return notHere("files"); }

Result<Mapping> Mapping::map(const File &) { return notHere("files to map"); }
Mapping::Mapping(Mapping &&other) noexcept = default;
Mapping &Mapping::operator=(Mapping &&other) noexcept = default;
Mapping::~Mapping() = default;
Status Mapping::populate(uint64_t, uint64_t) const { return notHere("files to map"); }

Result<Memory> Memory::allocate(uint64_t size, const char *what) {
  Memory memory;
  if (size == 0)
    return memory;
  void *data = size < SIZE_MAX ? heapAllocateZeroed(size_t(size), 64) : nullptr;
  if (!data)
    return Status(StatusCode::OUT_OF_MEMORY, std::string(what) + " needs " + std::to_string(size) +
                                                 " bytes; a wasm module has at most 4 GiB");
  memory.data_ = static_cast<uint8_t *>(data);
  memory.size_ = size;
  return memory;
}
Memory::Memory(Memory &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
Memory &Memory::operator=(Memory &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
Memory::~Memory() { heapFree(data_); }

Result<SealedCopy> SealedCopy::make(ByteView, const char *) {
  return notHere("memory to load code into; its code is linked in");
}
SealedCopy::SealedCopy(SealedCopy &&other) noexcept = default;
SealedCopy &SealedCopy::operator=(SealedCopy &&other) noexcept = default;
SealedCopy::~SealedCopy() = default;

uint64_t pageBytes() { return 65536; }

Result<CodeMemory> CodeMemory::reserve(uint64_t) { return notHere("memory to load code into"); }
CodeMemory::CodeMemory(CodeMemory &&other) noexcept = default;
CodeMemory &CodeMemory::operator=(CodeMemory &&other) noexcept = default;
CodeMemory::~CodeMemory() = default;
Status CodeMemory::map(uint64_t, const SealedCopy &, uint64_t, uint64_t, bool) {
  return notHere("memory to load code into");
}
Status CodeMemory::makeWritable(uint64_t, uint64_t) { return notHere("memory to load code into"); }
Status CodeMemory::protect(uint64_t, uint64_t, Access) {
  return notHere("memory to load code into");
}

} // namespace lobit::platform
