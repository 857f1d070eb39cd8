// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @by_name
func.func @by_name() {
  // CHECK: lobit.weight "model.layers.0.mlp.up_proj.weight" : !lobit.weight<640x256xbf16>
  %0 = lobit.weight "model.layers.0.mlp.up_proj.weight" : !lobit.weight<640x256xbf16>
  // CHECK: lobit.weight "codes" : !lobit.weight<640x256, #lobit.ternary<tensor, f32>>
  %1 = lobit.weight "codes" : !lobit.weight<640x256, #lobit.ternary<tensor, f32>>
  return
}

// CHECK-LABEL: func.func @kept
func.func @kept() {
  // CHECK: lobit.weight codes dense<1.000000e+00> : tensor<4xf32> : !lobit.weight<4xf32>
  %0 = lobit.weight codes dense<1.0> : tensor<4xf32> : !lobit.weight<4xf32>
  // CHECK: lobit.weight codes dense<1.000000e+00> : tensor<4x2xf16> : !lobit.weight<4x2xf16>
  %1 = lobit.weight codes dense<1.0> : tensor<4x2xf16> : !lobit.weight<4x2xf16>
  return
}

// CHECK-LABEL: func.func @codes
func.func @codes() {
  // CHECK: lobit.weight codes dense<{{\[\[}}1, -1, 0]]> : tensor<1x3xi8>
  // CHECK-SAME: scales dense<5.000000e-01> : tensor<1xf32>
  // CHECK-SAME: : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
  %0 = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8>
         scales dense<0.5> : tensor<1xf32> : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
  // CHECK: !lobit.weight<2x3, #lobit.ternary<row, f16>>
  %1 = lobit.weight codes dense<1> : tensor<2x3xi8>
         scales dense<0.5> : tensor<2xf16> : !lobit.weight<2x3, #lobit.ternary<row, f16>>
  // CHECK: !lobit.weight<2x40, #lobit.ternary<group = 32, f32>>
  %2 = lobit.weight codes dense<1> : tensor<2x40xi8>
         scales dense<0.5> : tensor<4xf32> : !lobit.weight<2x40, #lobit.ternary<group = 32, f32>>
  // CHECK: !lobit.weight<1x2, #lobit.int8<row, f32>>
  %3 = lobit.weight codes dense<[[127, -127]]> : tensor<1x2xi8>
         scales dense<0.5> : tensor<1xf32> : !lobit.weight<1x2, #lobit.int8<row, f32>>
  // CHECK: !lobit.weight<1x10, #lobit.int6<row, f32>>
  %4 = lobit.weight codes dense<[[-32, 0, 0, 0, 0, 31, 0, 0, 7, 7]]> : tensor<1x10xi8>
         scales dense<0.5> : tensor<1xf32> : !lobit.weight<1x10, #lobit.int6<row, f32>>
  return
}

// The bytes of a layout include its padding: 4 rows of 256 columns here.
// CHECK-LABEL: func.func @packed
func.func @packed() {
  // CHECK: !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_dot>
  %0 = lobit.weight codes dense<0x55> : tensor<256xi8>
         scales dense<0.5> : tensor<1xf32> : !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_dot>
  // CHECK: !lobit.weight<33x6, #lobit.ternary<tensor, f32>, t2_tl1>
  %1 = lobit.weight codes dense<0x44> : tensor<128xi8>
         scales dense<0.5> : tensor<1xf32> : !lobit.weight<33x6, #lobit.ternary<tensor, f32>, t2_tl1>
  // CHECK: !lobit.weight<1x65, #lobit.int8<row, f16>, i8_dot>
  %2 = lobit.weight codes dense<-128> : tensor<512xi8>
         scales dense<0.5> : tensor<1xf16> : !lobit.weight<1x65, #lobit.int8<row, f16>, i8_dot>
  // CHECK: !lobit.weight<2x3, #lobit.int6<row, f32>, i6_pair24>
  %3 = lobit.weight codes dense<0x44> : tensor<56xi8>
         scales dense<0.5> : tensor<2xf32> : !lobit.weight<2x3, #lobit.int6<row, f32>, i6_pair24>
  return
}
