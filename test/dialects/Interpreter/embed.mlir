// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// CHECK-LABEL: @kept
// CHECK: dense<{{\[\[}}3.000000e+00, 4.000000e+00], [1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<3x2xf32>
func.func @kept() -> tensor<3x2xf32> {
  %tokens = arith.constant dense<[1, 0, 1]> : tensor<3xi32>
  %table = lobit.weight codes dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xbf16> : !lobit.weight<2x2xbf16>
  %x = lm.embed %tokens, %table : tensor<3xi32>, !lobit.weight<2x2xbf16> -> tensor<3x2xf32>
  return %x : tensor<3x2xf32>
}

// CHECK-LABEL: @int8
// CHECK: dense<{{\[\[}}-4.000000e+00, 2.540000e+02]]> : tensor<1x2xf32>
func.func @int8() -> tensor<1x2xf32> {
  %tokens = arith.constant dense<[1]> : tensor<1xi32>
  %table = lobit.weight codes dense<[[1, 2], [-2, 127]]> : tensor<2x2xi8> scales dense<[1.0, 2.0]> : tensor<2xf32>
             : !lobit.weight<2x2, #lobit.int8<row, f32>>
  %x = lm.embed %tokens, %table : tensor<1xi32>, !lobit.weight<2x2, #lobit.int8<row, f32>> -> tensor<1x2xf32>
  return %x : tensor<1x2xf32>
}

// CHECK-LABEL: @groups
// CHECK: 3.000000e+00, -5.000000e-01]]> : tensor<1x33xf32>
func.func @groups() -> tensor<1x33xf32> {
  %tokens = arith.constant dense<[0]> : tensor<1xi32>
  %table = lobit.weight codes dense<[[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1]]> : tensor<1x33xi8>
             scales dense<[3.0, 0.5]> : tensor<2xf16> : !lobit.weight<1x33, #lobit.ternary<group = 32, f16>>
  %x = lm.embed %tokens, %table : tensor<1xi32>, !lobit.weight<1x33, #lobit.ternary<group = 32, f16>> -> tensor<1x33xf32>
  return %x : tensor<1x33xf32>
}
