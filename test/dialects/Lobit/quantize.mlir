// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @quantize
func.func @quantize() {
  %0 = lobit.weight "w" : !lobit.weight<640x256xbf16>
  // CHECK: lobit.quantize "optimal" %{{[a-z0-9]+}} : !lobit.weight<640x256xbf16>
  // CHECK-SAME: to !lobit.weight<640x256, #lobit.ternary<group = 256, f32>>
  %1 = lobit.quantize "optimal" %0 : !lobit.weight<640x256xbf16>
         to !lobit.weight<640x256, #lobit.ternary<group = 256, f32>>
  // CHECK: lobit.quantize "absmax" %{{[a-z0-9]+}} : !lobit.weight<640x256xbf16>
  // CHECK-SAME: to !lobit.weight<640x256, #lobit.int8<row, f32>>
  %2 = lobit.quantize "absmax" %0 : !lobit.weight<640x256xbf16>
         to !lobit.weight<640x256, #lobit.int8<row, f32>>
  // CHECK: lobit.quantize "magnitude" %{{[a-z0-9]+}} : !lobit.weight<640x256xbf16>
  // CHECK-SAME: to !lobit.weight<640x256, #lobit.int6<row, f32>>
  %3 = lobit.quantize "magnitude" %0 : !lobit.weight<640x256xbf16>
         to !lobit.weight<640x256, #lobit.int6<row, f32>>
  return
}
