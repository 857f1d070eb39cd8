/// \file
/// Writes a safetensors file tensor by tensor, in any order.
#ifndef LOBIT_PASSES_EMIT_SAFETENSORSWRITER_H
#define LOBIT_PASSES_EMIT_SAFETENSORSWRITER_H

#include "runtime/format/ArtifactWriter.h"

#include <map>
#include <string>
#include <vector>

namespace lobit {

struct SafetensorsEntry {
  std::string name;
  std::string type; ///< "F32" and so on
  uint64_t elementBytes = 0;
  std::vector<uint64_t> shape;
  uint64_t size = 0; ///< bytes
};

/// The tensors lie in the order of their element size, largest first, then of their names:
/// so all are aligned.
class SafetensorsWriter {
public:
  SafetensorsWriter(ByteSink &sink, std::vector<SafetensorsEntry> entries,
                    std::map<std::string, std::string> metadata);

  /// The header. Once, before the tensors.
  Status begin();
  bool has(const std::string &name) const { return places_.count(name) != 0; }
  /// The bytes of one tensor.
  Status write(const std::string &name, const uint8_t *bytes);

private:
  struct Place {
    uint64_t offset = 0, size = 0;
  };

  ByteSink &sink_;
  std::vector<SafetensorsEntry> entries_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, Place> places_; ///< from the end of the header
  uint64_t dataStart_ = 0;
};

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_SAFETENSORSWRITER_H
