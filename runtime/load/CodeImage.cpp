#include "runtime/load/CodeImage.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/TreeDigest.h"
#include "runtime/load/Elf.h"

#include <cstring>

namespace lobit {

Result<CodeImage> CodeImage::map(ByteView bytes, Arch arch, const char *name,
                                 const std::optional<Digest> &digest) {
  Result<platform::SealedCopy> copy = platform::SealedCopy::make(bytes, name);
  if (!copy.ok())
    return std::move(copy).status();
  if (digest && TreeDigest::of(copy->bytes()) != *digest)
    return Status(StatusCode::DIGEST_MISMATCH, "the content does not match its digest");
  Result<ElfImage> image = lintElf(copy->bytes(), arch);
  if (!image.ok())
    return std::move(image).status();
  const uint64_t page = platform::pageBytes();
  Result<platform::CodeMemory> memory =
      platform::CodeMemory::reserve(roundUp(image->imageBytes, page));
  if (!memory.ok())
    return std::move(memory).status();
  uint8_t *base = memory->data();
  for (const ElfSegment &segment : image->segments) {
    uint64_t begin = segment.address / page * page;
    if ((segment.address - segment.fileOffset) % page != 0)
      return Status(StatusCode::UNSUPPORTED,
                    "its segments are not aligned to pages of " + std::to_string(page) + " bytes");
    uint64_t fileEnd = segment.address + segment.fileBytes;
    uint64_t mappedEnd = roundUp(fileEnd, page);
    uint64_t end = roundUp(segment.address + segment.memoryBytes, page);
    if (mappedEnd > begin && segment.fileBytes != 0) {
      if (Status status = memory->map(begin, *copy, segment.fileOffset / page * page,
                                      mappedEnd - begin, segment.writable);
          !status.ok())
        return status;
    } else {
      mappedEnd = begin;
    }
    if (end > mappedEnd)
      if (Status status = memory->makeWritable(mappedEnd, end - mappedEnd); !status.ok())
        return status;
    if (segment.memoryBytes > segment.fileBytes && mappedEnd > fileEnd)
      memset(base + fileEnd, 0, mappedEnd - fileEnd);
  }
  for (const ElfRelocation &relocation : image->relocations) {
    uint64_t value = reinterpret_cast<uint64_t>(base) + relocation.value;
    memcpy(base + relocation.address, &value, sizeof(value));
  }
  // Generated code has no state: after relocation its data are constants.
  for (const ElfSegment &segment : image->segments) {
    uint64_t begin = segment.address / page * page;
    uint64_t end = roundUp(segment.address + segment.memoryBytes, page);
    auto access = segment.executable ? platform::CodeMemory::Access::Execute
                                     : platform::CodeMemory::Access::Read;
    if (Status status = memory->protect(begin, end - begin, access); !status.ok())
      return status;
  }
  CodeImage result;
  result.query_ =
      reinterpret_cast<LobitCodeQuery>(reinterpret_cast<uintptr_t>(base + image->query));
  result.memory_ = std::move(memory).value();
  return result;
}

} // namespace lobit
