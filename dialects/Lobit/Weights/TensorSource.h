/// \file
/// Where the compiler gets the tensors of a model file from, without MLIR.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_TENSORSOURCE_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_TENSORSOURCE_H

#include "runtime/format/Status.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace lobit {

/// How the bytes of a tensor are to be read.
/// Int8Codes: one signed byte per code, row by row.
/// HfPackedTernary: [R, columns] bytes with R = ceil(rows / 4); the code + 1 of
/// row i * R + r is in byte row r at bits 2i..2i+1.
enum class ElementType { F32, F16, BF16, Int8Codes, HfPackedTernary };

/// A tensor as the source hands it out. The bytes are little-endian, row-major
/// and may lie unaligned in mapped memory.
struct TensorData {
  ElementType type = ElementType::F32;
  /// The logical shape: [rows, columns], or [n] for a vector.
  std::vector<int64_t> shape;
  const uint8_t *bytes = nullptr;
  uint64_t size = 0;
  /// Floats only: the source knows that all are finite.
  bool finite = false;
  /// Codes only: the scales, to be multiplied with the codes.
  std::vector<float> scales;
  /// Owner of the bytes.
  std::shared_ptr<void> keepAlive;
};

/// The tensors of one model, by name. `load` may be called again and again for
/// the same name; it is called from one thread at a time.
class TensorSource {
public:
  virtual ~TensorSource() = default;
  virtual Result<TensorData> load(std::string_view name) = 0;
  /// The same, but nothing has looked at the values of floats yet: for callers that do, and then
  /// `load`, whose error says what is wrong, when one is not finite.
  virtual Result<TensorData> peek(std::string_view name) { return load(name); }
};

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_TENSORSOURCE_H
