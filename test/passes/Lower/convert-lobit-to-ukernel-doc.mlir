// The example of passes/Lower/Passes.td.
// RUN: quant-opt %s -convert-lobit-to-ukernel=isa=avx2 | FileCheck %s

func.func @forward(%x: tensor<?x16xf32>, %y: tensor<?x16xf32>) -> tensor<?x16xf32>
    attributes {lobit.entry} {
  %z = lm.add %x, %y : tensor<?x16xf32>
  return %z : tensor<?x16xf32>
}

// CHECK:      module attributes {lobit.functions = [@lobit_model], lobit.max_rows = 64 : i64,
// CHECK-SAME:   label = "forward.add"
// CHECK-SAME:   lobit.scratch_size = 0 : i64, lobit.state_size = 0 : i64
// CHECK:      func.func @lobit_model(%[[FRAME:.*]]: !ukernel.frame) {
// CHECK-NEXT:   %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-NEXT:   %[[ONE:.*]] = arith.constant 1 : index
// CHECK-NEXT:   %[[ROWS:.*]] = ukernel.field rows of %[[FRAME]]
// CHECK-NEXT:   %[[THREAD:.*]] = ukernel.field thread of %[[FRAME]]
// CHECK-NEXT:   %[[THREADS:.*]] = ukernel.field threads of %[[FRAME]]
// CHECK-NEXT:   %[[BEGIN:.*]], %[[END:.*]] = ukernel.thread_range %[[ROWS]], %[[THREAD]], %[[THREADS]]
// CHECK-NEXT:   %[[X:.*]] = ukernel.buffer input of %[[FRAME]] offset 0 : memref<64x16xf32>
// CHECK-NEXT:   %[[Y:.*]] = ukernel.buffer input of %[[FRAME]] argument 1 offset 0 : memref<64x16xf32>
// CHECK-NEXT:   %[[Z:.*]] = ukernel.buffer output of %[[FRAME]] offset 0 : memref<64x16xf32>
// CHECK-NEXT:   scf.for %[[ROW:.*]] = %[[BEGIN]] to %[[END]] step %[[ONE]] {
// CHECK-NEXT:     func.call @lobit_f32_add_16__avx2(%[[X]], %[[Y]], %[[Z]], %[[ROW]], %[[ROW]], %[[ROW]])
// CHECK-NEXT:   }
// CHECK-NEXT:   ukernel.trace %[[ZERO]] of %[[FRAME]]
// CHECK-NEXT:   return
