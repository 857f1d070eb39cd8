// RUN: quant-opt %s -lobit-assign-offsets -convert-lobit-to-ukernel=isa=avx2 | FileCheck %s

// A thread adds, normalizes and quantizes a token in one loop, without a barrier. The sum has
// another reader, so each token keeps its own; the normalized token is one row of the thread.
// CHECK-LABEL: func.func @lobit_model
// CHECK:      %[[BEGIN:.*]], %[[END:.*]] = ukernel.thread_range
// CHECK:      scf.for %[[ROW:.*]] = %[[BEGIN]] to %[[END]]
// CHECK-NEXT:   func.call @lobit_f32_add_4__avx2(%{{.*}}, %{{.*}}, %[[SUM:[^,]*]], %[[ROW]], %[[ROW]], %[[ROW]])
// CHECK-NEXT:   func.call @lobit_f32_rms_norm_4_{{.*}}(%[[SUM]], %{{.*}}, %[[NORM:[^,]*]], %[[ROW]], %[[BEGIN]])
// CHECK-NEXT:   func.call @lobit_s8_act_quantize_4x256__avx2(%[[NORM]], %{{.*}}, %[[BEGIN]], %[[ROW]], %{{.*}})
// CHECK-NEXT: }
// CHECK-NEXT: ukernel.trace
// CHECK-NEXT: ukernel.trace
// CHECK-NEXT: ukernel.barrier
// CHECK:      call @lobit_s8_t2_linear_4x4
!t = !lobit.weight<4x4, #lobit.ternary<tensor, f32>, t2_dot>
func.func @forward(%x: tensor<?x4xf32>, %z: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  %n = lobit.weight "n" : !lobit.weight<4xf32>
  %w = lobit.weight "w" : !lobit.weight<4x4xf32>
  %c = lobit.quantize "absmean" %w : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.ternary<tensor, f32>>
  %p = lobit.pack %c : !lobit.weight<4x4, #lobit.ternary<tensor, f32>> to !t
  %s = lm.add %x, %z : tensor<?x4xf32>
  %r = lm.rms_norm %s, %n eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  %y = lobit.linear %r, %p : tensor<?x4xf32>, !t -> tensor<?x4xf32>
  %sum = lm.add %y, %s : tensor<?x4xf32>
  return %sum : tensor<?x4xf32>
}
