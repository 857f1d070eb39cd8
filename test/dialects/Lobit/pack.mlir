// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @pack
func.func @pack() {
  %0 = lobit.weight "w" : !lobit.weight<640x256, #lobit.ternary<tensor, f32>>
  // CHECK: lobit.pack %{{[a-z0-9]+}} : !lobit.weight<640x256, #lobit.ternary<tensor, f32>>
  // CHECK-SAME: to !lobit.weight<640x256, #lobit.ternary<tensor, f32>, t2_dot>
  %1 = lobit.pack %0 : !lobit.weight<640x256, #lobit.ternary<tensor, f32>>
         to !lobit.weight<640x256, #lobit.ternary<tensor, f32>, t2_dot>
  return
}
