/// \file
/// Products of bytes with int16 instructions, for targets that multiply no bytes: even and
/// odd bytes of each int16 lane apart.
#ifndef LOBIT_PASSES_LOWER_TARGET_EVENODD_H
#define LOBIT_PASSES_LOWER_TARGET_EVENODD_H

#include "passes/Lower/Target/VectorParts.h"

namespace lobit {

/// The bytes of a vector as int16 lanes.
struct EvenOdd {
  mlir::Value even, odd;
};

/// Of u8 lanes.
EvenOdd unsignedLanes(VectorParts &v, mlir::Value bytes);
/// Of s8 lanes.
EvenOdd signedLanes(VectorParts &v, mlir::Value bytes);

/// acc[i] + u8 lhs[2i] * s8 rhs[2i] + u8 lhs[2i+1] * s8 rhs[2i+1] in int16.
mlir::Value addPairProducts(VectorParts &v, mlir::Value acc, mlir::Value lhs, mlir::Value rhs);

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_TARGET_EVENODD_H
