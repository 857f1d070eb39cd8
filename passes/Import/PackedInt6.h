/// \file
/// The int6 form of one matrix in a checkpoint: in place of `X.weight` it has
///   X.packed_weight  U8 [rows * chunks * 3], the payload of i6_pair24 row by row
///   X.metadata       U32 (or I32, I64) [rows * chunks / 8], the words of pair nibbles
///   X.scales         F32 [rows]
/// with chunks = 8 for each 64 columns begun. The file says in `__metadata__` that its
/// `format` is int6_2x4_pairwise_sparse.
#ifndef LOBIT_PASSES_IMPORT_PACKEDINT6_H
#define LOBIT_PASSES_IMPORT_PACKEDINT6_H

#include "dialects/Lobit/Weights/TensorSource.h"
#include "passes/Import/Safetensors.h"

namespace lobit {

/// The three names for the weight "X.weight".
struct Int6Names {
  explicit Int6Names(std::string_view weight);
  std::string payload, metadata, scales;
};

/// Whether the checkpoint has any of the three in place of `weight`.
bool hasPackedInt6(const Safetensors &tensors, std::string_view weight);

/// Checks the format word, types, shapes and scales of a matrix whose three tensors are
/// there. The codes are not looked at.
Status checkPackedInt6(const Safetensors &tensors, const std::string &weight, uint64_t rows,
                       uint64_t columns);

/// The codes, one signed byte each, and the scales of a checked matrix. MALFORMED: an
/// invalid nibble, a metadata word of more than 32 bits, or padding that no encoder
/// writes: codes of columns that do not exist may be 0, 1 or -1, and are dropped.
Result<TensorData> loadPackedInt6(const Safetensors &tensors, const std::string &weight,
                                  int64_t rows, int64_t columns);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_PACKEDINT6_H
