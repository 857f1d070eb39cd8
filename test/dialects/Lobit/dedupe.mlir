// RUN: quant-opt %s --cse | FileCheck %s

// Equal weight chains are one: all weight ops are pure.
// CHECK-LABEL: func.func @twice
// CHECK-COUNT-1: = lobit.weight "w"
// CHECK-NOT: = lobit.weight
// CHECK-COUNT-1: lobit.quantize
// CHECK-NOT: lobit.quantize
// CHECK: return %[[W:[0-9]+]], %[[W]]
func.func @twice() -> (!lobit.weight<4x4, #lobit.ternary<row, f32>>,
                       !lobit.weight<4x4, #lobit.ternary<row, f32>>) {
  %0 = lobit.weight "w" : !lobit.weight<4x4xf32>
  %1 = lobit.quantize "optimal" %0 : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.ternary<row, f32>>
  %2 = lobit.weight "w" : !lobit.weight<4x4xf32>
  %3 = lobit.quantize "optimal" %2 : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.ternary<row, f32>>
  return %1, %3 : !lobit.weight<4x4, #lobit.ternary<row, f32>>, !lobit.weight<4x4, #lobit.ternary<row, f32>>
}
