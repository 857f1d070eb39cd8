#ifndef LOBIT_DIALECTS_UKERNEL_UKERNELDIALECT_TD
#define LOBIT_DIALECTS_UKERNEL_UKERNELDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def UKernel_Dialect : Dialect {
  let name = "ukernel";
  let summary = "the SIMD idioms microkernels are written in";
  let description = [{
    One op for each idiom that instruction sets spell differently (byte table lookup,
    8-bit dot product, unpacking of 2-bit codes, ...) and for the few ways in which
    generated code touches its LobitFrame (runtime/format/CodeAbi.h). Everything
    else in a microkernel is upstream `scf`, `arith`, `vector` and `memref`. Each op
    has one lowering per target.
  }];
  let cppNamespace = "::lobit::uk";
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let useDefaultTypePrinterParser = 1;
}

#endif // LOBIT_DIALECTS_UKERNEL_UKERNELDIALECT_TD
