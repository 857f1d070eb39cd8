// RUN: quant-opt %s --canonicalize --cse | FileCheck %s

// Touches, barriers, traces and reports stay, in order; fields and buffers are pure.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: ukernel.buffer
// CHECK: ukernel.touch
// CHECK-NEXT: ukernel.touch
// CHECK-NEXT: ukernel.barrier
// CHECK-NEXT: ukernel.barrier
// CHECK-NEXT: ukernel.trace
// CHECK-NEXT: ukernel.report_nonfinite
func.func @keep(%frame: !ukernel.frame, %operation: index, %bad: i1, %bytes: memref<64xi8>) {
  %w = ukernel.buffer weights of %frame offset 0 : memref<64xi8>
  ukernel.touch %bytes[%operation] : memref<64xi8>
  ukernel.touch %bytes[%operation] : memref<64xi8>
  ukernel.barrier %frame
  ukernel.barrier %frame
  ukernel.trace %operation of %frame
  ukernel.report_nonfinite %bad to %frame
  return
}
