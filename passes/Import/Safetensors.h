/// \file
/// Reader of the safetensors format: 8 bytes little-endian length N of the header, N
/// bytes of JSON, then the tensors' bytes. It keeps these rules, and refuses a file
/// that breaks one (test/passes/Import/SafetensorsTest.cpp has a test for each):
///
///  1. The file has the 8 bytes of the length.
///  2. The header is at most 100,000,000 bytes long.
///  3. The header lies inside the file.
///  4. The header starts with `{`.
///  5. After the JSON the header has nothing but spaces.
///  6. The header is UTF-8.
///  7. The header is JSON.
///  8. A tensor is described by an object.
///  9. No object has a key twice.
/// 10. `__metadata__` is an object of strings.
/// 11. The object of a tensor has exactly `dtype`, `shape` and `data_offsets`.
/// 12. `dtype` is a known word.
/// 13. `shape` is an array of at most 8 natural numbers.
/// 14. `data_offsets` is an array of two natural numbers, the first not above the second.
/// 15. A tensor lies inside the file.
/// 16. The product of the shape and the element size does not overflow.
/// 17. The size of a tensor is that product.
/// 18. In the order of their offsets, the tensors leave no hole.
/// 19. In the order of their offsets, no tensor overlaps another.
/// 20. The last tensor ends where the file ends.
/// 21. A tensor has a name of 1 to 1024 bytes without control characters.
#ifndef LOBIT_PASSES_IMPORT_SAFETENSORS_H
#define LOBIT_PASSES_IMPORT_SAFETENSORS_H

#include "passes/Import/MappedFile.h"

#include <map>
#include <vector>

namespace lobit {

enum class SafetensorsType {
#define LOBIT_SAFETENSORS_TYPE(Name, bits) Name,
#include "passes/Import/SafetensorsTypes.inc"
};
const char *safetensorsTypeWord(SafetensorsType type);
uint64_t safetensorsTypeBytes(SafetensorsType type);

/// One tensor; the bytes are those of the mapped file.
struct SafetensorsTensor {
  SafetensorsType type = SafetensorsType::F32;
  std::vector<uint64_t> shape;
  const uint8_t *bytes = nullptr;
  uint64_t size = 0;
};
/// "[2, 3]"
std::string shapeText(const std::vector<uint64_t> &shape);

/// The tensors of a checkpoint: one file or several shards. Name and bytes only; what
/// the tensors mean is CheckpointSource's business.
class Safetensors {
public:
  using Map = std::map<std::string, SafetensorsTensor, std::less<>>;

  static Result<Safetensors> openFile(const std::string &path);
  /// `directory`/model.safetensors.index.json: `weight_map` from tensor to shard. Every
  /// tensor must be in the shard that the index names, and the shards hold no others.
  static Result<Safetensors> openSharded(const std::string &directory);

  const Map &tensors() const { return tensors_; }
  const SafetensorsTensor *find(std::string_view name) const;
  /// The file that the tensor is in.
  const std::string &fileOf(std::string_view name) const;
  /// `format` in the __metadata__ of that file; empty without one.
  const std::string &formatOf(std::string_view name) const;
  /// Owner of the tensor's bytes.
  std::shared_ptr<MappedFile> ownerOf(std::string_view name) const;
  const std::vector<std::shared_ptr<MappedFile>> &files() const { return files_; }

private:
  Status addFile(std::shared_ptr<MappedFile> file);

  Map tensors_;
  std::map<std::string, size_t, std::less<>> fileIndex_;
  std::vector<std::shared_ptr<MappedFile>> files_;
  std::vector<std::string> formats_; ///< of each file
};

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_SAFETENSORS_H
