// RUN: quant-opt %s -lobit-assign-offsets -convert-lobit-to-ukernel=isa=avx2 | FileCheck %s

// A thread quantizes the rows that it has normalized itself: no barrier between the two.

// CHECK-LABEL: func.func @lobit_model
// CHECK:      call @lobit_f32_rms_norm_4
// CHECK-NOT:  ukernel.barrier
// CHECK:      call @lobit_s8_act_quantize
// CHECK-NEXT: ukernel.barrier
// CHECK:      call @lobit_s8_t2_linear_4x4
!t = !lobit.weight<4x4, #lobit.ternary<tensor, f32>, t2_dot>
func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  %n = lobit.weight "n" : !lobit.weight<4xf32>
  %w = lobit.weight "w" : !lobit.weight<4x4xf32>
  %c = lobit.quantize "absmean" %w : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.ternary<tensor, f32>>
  %p = lobit.pack %c : !lobit.weight<4x4, #lobit.ternary<tensor, f32>> to !t
  %r = lm.rms_norm %x, %n eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  %y = lobit.linear %r, %p : tensor<?x4xf32>, !t -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
