#include "dialects/UKernel/UKernelDialect.h"

#include "dialects/UKernel/UKernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/UKernel/UKernelDialect.cpp.inc"
#include "dialects/UKernel/UKernelEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/UKernel/UKernelTypes.cpp.inc"

namespace lobit::uk {

void UKernelDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/UKernel/UKernelTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/UKernel/UKernelOps.cpp.inc"
      >();
}

mlir::Operation *UKernelDialect::materializeConstant(mlir::OpBuilder &builder,
                                                     mlir::Attribute value, mlir::Type type,
                                                     mlir::Location loc) {
  return mlir::arith::ConstantOp::materialize(builder, value, type, loc);
}

} // namespace lobit::uk
