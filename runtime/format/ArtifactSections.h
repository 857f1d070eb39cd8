/// \file
/// Encoding and decoding of the artifact's small sections. A decoder refuses every
/// byte string that its encoder would not write.
#ifndef LOBIT_FORMAT_ARTIFACT_SECTIONS_H
#define LOBIT_FORMAT_ARTIFACT_SECTIONS_H

#include "runtime/format/Artifact.h"

namespace lobit {

/// The content of a section and where it lies in the file, for error messages.
struct SectionBytes {
  const char *word;
  uint64_t fileOffset;
  ByteView bytes;
};

/// "section tensors, offset 4711: rank: expected 1..8, found 9"; `place` is "header",
/// "section table" or "section " and its word, the offset counts from the start of the
/// file.
Status formatError(StatusCode code, const std::string &place, uint64_t offset,
                   const std::string &what, const std::string &expected, const std::string &found);
bool allZeroBytes(const uint8_t *bytes, uint64_t size);

std::vector<uint8_t> encodeMetadata(const Metadata &metadata);
Status decodeMetadata(const SectionBytes &section, Metadata &metadata);

/// `tensors` sorted by name.
std::vector<uint8_t> encodeTensors(const std::vector<TensorInfo> &tensors);
/// `weightBytes`: size of the weights section, which the tensors must fill.
Status decodeTensors(const SectionBytes &section, uint64_t weightBytes,
                     std::vector<TensorInfo> &tensors);

std::vector<uint8_t> encodeKernels(const std::vector<KernelVariant> &variants);
Status decodeKernels(const SectionBytes &section, const std::vector<Isa> &codeSections,
                     const Metadata &metadata, std::vector<KernelVariant> &variants);

std::vector<uint8_t> encodeKnownAnswers(const KnownAnswers &answers);
Status decodeKnownAnswers(const SectionBytes &section, const Metadata &metadata,
                          KnownAnswers &answers);

} // namespace lobit

#endif // LOBIT_FORMAT_ARTIFACT_SECTIONS_H
