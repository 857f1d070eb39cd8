/// \file
/// Codes that a model file already holds.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_STOREDCODES_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_STOREDCODES_H

#include "dialects/Lobit/Weights/Ternary.h"

namespace lobit {

/// The codes of `data`, which is HfPackedTernary or Int8Codes, for a coded `scheme`.
/// MISMATCH: bytes or scales do not fit the grid. MALFORMED: the packed code 3, a code
/// out of range, int6 codes in more than two pairs of 8 columns, or a scale that is not
/// finite, with tensor, row and column.
Result<CodedWeight> readStoredCodes(const std::string &name, const TensorData &data,
                                    const ScaleGrid &grid, Scheme scheme);

/// Number of zero codes of an HfPackedTernary tensor, checked like readStoredCodes
/// but not unpacked.
Result<int64_t> countPackedZeros(const std::string &name, const TensorData &data,
                                 const ScaleGrid &grid);

/// The inverse of reading HfPackedTernary; codes of missing rows are 1.
std::vector<uint8_t> packHfTernary(const int8_t *codes, int64_t rows, int64_t columns);

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_STOREDCODES_H
