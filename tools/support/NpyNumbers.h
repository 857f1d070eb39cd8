/// \file
/// Any numeric .npy as f64: float16/32/64 and integers, either byte order, C or Fortran
/// order.
#ifndef LOBIT_TOOLS_SUPPORT_NPY_NUMBERS_H
#define LOBIT_TOOLS_SUPPORT_NPY_NUMBERS_H

#include "tools/support/Npy.h"

namespace lobit {

struct NpyNumbers {
  std::vector<uint64_t> dims;
  std::vector<double> values; ///< C order
};

/// `file` is the whole file. UNSUPPORTED for objects (pickle), strings, complex numbers.
Result<NpyNumbers> parseNpyNumbers(ByteView file);
/// Version 1.0, little-endian f64, C order.
std::string npyF64(const std::vector<uint64_t> &dims, const std::vector<double> &values);

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_NPY_NUMBERS_H
