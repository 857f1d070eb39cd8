/// \file
/// A read-only float matrix in any of the stored float types.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_FLOATTENSOR_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_FLOATTENSOR_H

#include "dialects/Lobit/Weights/TensorSource.h"

#include <string>

namespace lobit {

/// What to do with NaN and infinite weights.
/// Zero: they become 0. Clamp: NaN becomes 0, an infinity the largest finite
/// magnitude of the tensor with its sign.
enum class NonFinitePolicy { Error, Zero, Clamp };

/// The words `error`, `zero` and `clamp`.
const char *nonFinitePolicyWord(NonFinitePolicy policy);
bool parseNonFinitePolicy(std::string_view word, NonFinitePolicy &policy);

/// Whether `count` stored floats are; `type` is not one of codes.
bool areFinite(ElementType type, const uint8_t *bytes, int64_t count);

/// Elements are numbered row by row.
class FloatTensor {
public:
  /// INVALID_ARGUMENT when `data` holds codes, MISMATCH when its size is not
  /// that of rows * columns elements.
  static Result<FloatTensor> create(std::string name, const TensorData &data, int64_t rows,
                                    int64_t columns);

  const std::string &name() const { return name_; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int64_t size() const { return rows_ * columns_; }

  /// The elements first .. first + count - 1, widened exactly, with non-finite
  /// values replaced as `checkFinite` decided.
  void widen(int64_t first, int64_t count, float *out) const;
  /// The stored bytes of the elements from `first` on, when they are what `widen` widens
  /// and bfloat16; else null.
  const uint8_t *storedBf16(int64_t first) const {
    return type_ == ElementType::BF16 && !replace_ ? bytes_ + 2 * first : nullptr;
  }

  /// Whether the stored elements first .. first + count - 1 are.
  bool areFinite(int64_t first, int64_t count) const;

  /// Asks for `count` stored elements, as far as there are some, to be brought into the cache.
  void prefetch(int64_t first, int64_t count) const;

  /// Applies `policy` to all later calls of `widen`. Under Error the first NaN or
  /// infinity is a MALFORMED status that names tensor, row and column. `replaced`,
  /// when given, receives the number of non-finite elements.
  Status checkFinite(NonFinitePolicy policy, int64_t *replaced = nullptr);

private:
  void widenStored(int64_t first, int64_t count, float *out) const;

  std::string name_;
  ElementType type_ = ElementType::F32;
  const uint8_t *bytes_ = nullptr;
  std::shared_ptr<void> keepAlive_;
  int64_t rows_ = 0, columns_ = 0;
  bool finite_ = false; // the source has looked
  bool replace_ = false;
  float infinity_ = 0; // the magnitude that replaces an infinity
};

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_FLOATTENSOR_H
