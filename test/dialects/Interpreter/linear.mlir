// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// The activations 127, 1, 2 have a = 127: q = 127, 1, 2 and s_x = 1. y = (127 - 1) * (0.5 * 1).
// CHECK-LABEL: @tensor_scale
// CHECK: dense<6.300000e+01> : tensor<1x1xf32>
func.func @tensor_scale() -> tensor<1x1xf32> {
  %x = arith.constant dense<[[127.0, 1.0, 2.0]]> : tensor<1x3xf32>
  %w = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8> scales dense<0.5> : tensor<1xf32>
         : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
  %y = lobit.linear %x, %w : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Each row has its scale; each token its own activation scale.
// CHECK-LABEL: @row_scale
// CHECK: dense<{{\[\[}}6.300000e+01, -2.540000e+02], [1.260000e+02, -5.080000e+02]]> : tensor<2x2xf32>
func.func @row_scale() -> tensor<2x2xf32> {
  %x = arith.constant dense<[[127.0, 1.0, 2.0], [254.0, 2.0, 4.0]]> : tensor<2x3xf32>
  %w = lobit.weight codes dense<[[1, -1, 0], [-1, 0, 0]]> : tensor<2x3xi8> scales dense<[0.5, 2.0]> : tensor<2xf16>
         : !lobit.weight<2x3, #lobit.ternary<row, f16>>
  %y = lobit.linear %x, %w : tensor<2x3xf32>, !lobit.weight<2x3, #lobit.ternary<row, f16>> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// 33 columns in groups of 32: 32 ones with scale 1, then one with scale 4.
// CHECK-LABEL: @group_scale
// CHECK: dense<4.572000e+03> : tensor<1x1xf32>
func.func @group_scale() -> tensor<1x1xf32> {
  %x = arith.constant dense<127.0> : tensor<1x33xf32>
  %w = lobit.weight codes dense<1> : tensor<1x33xi8> scales dense<[1.0, 4.0]> : tensor<2xf32>
         : !lobit.weight<1x33, #lobit.ternary<group = 32, f32>>
  %y = lobit.linear %x, %w : tensor<1x33xf32>, !lobit.weight<1x33, #lobit.ternary<group = 32, f32>> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// CHECK-LABEL: @int8
// CHECK: dense<8.070000e+03> : tensor<1x1xf32>
func.func @int8() -> tensor<1x1xf32> {
  %x = arith.constant dense<[[127.0, -1.0]]> : tensor<1x2xf32>
  %w = lobit.weight codes dense<[[127, -11]]> : tensor<1x2xi8> scales dense<0.5> : tensor<1xf32>
         : !lobit.weight<1x2, #lobit.int8<row, f32>>
  %y = lobit.linear %x, %w : tensor<1x2xf32>, !lobit.weight<1x2, #lobit.int8<row, f32>> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// q = 127, 1, 2, -3 and the codes 31, -32, 5, 0: 3937 - 32 + 10 = 3915, times 0.5.
// CHECK-LABEL: @int6
// CHECK: dense<1.957500e+03> : tensor<1x1xf32>
func.func @int6() -> tensor<1x1xf32> {
  %x = arith.constant dense<[[127.0, 1.0, 2.0, -3.0]]> : tensor<1x4xf32>
  %w = lobit.weight codes dense<[[31, -32, 5, 0]]> : tensor<1x4xi8> scales dense<0.5> : tensor<1xf32>
         : !lobit.weight<1x4, #lobit.int6<row, f32>>
  %p = lobit.pack %w : !lobit.weight<1x4, #lobit.int6<row, f32>> to !lobit.weight<1x4, #lobit.int6<row, f32>, i6_pair24>
  %y = lobit.linear %x, %p : tensor<1x4xf32>, !lobit.weight<1x4, #lobit.int6<row, f32>, i6_pair24> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// 2^24 + 1 rounds to 2^24; 17 columns put k = 0 and k = 16 into one lane, k = 1 into another.
// In lanes: (2^24 + 1) + -2^24 = 0 in lane 0, then 1 from lane 1.
// CHECK-LABEL: @kept_lanes
// CHECK: dense<1.000000e+00> : tensor<1x1xf32>
func.func @kept_lanes() -> tensor<1x1xf32> {
  %x = arith.constant dense<[[16777216.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -16777216.0]]> : tensor<1x17xf32>
  %w = lobit.weight codes dense<1.0> : tensor<1x17xbf16> : !lobit.weight<1x17xbf16>
  %y = lobit.linear %x, %w : tensor<1x17xf32>, !lobit.weight<1x17xbf16> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// CHECK-LABEL: @bias
// CHECK: dense<{{\[\[}}1.300000e+01, 2.400000e+01]]> : tensor<1x2xf32>
func.func @bias() -> tensor<1x2xf32> {
  %x = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %w = lobit.weight codes dense<[[1.0, 1.0], [2.0, 1.0]]> : tensor<2x2xf16> : !lobit.weight<2x2xf16>
  %b = lobit.weight codes dense<[10.0, 20.0]> : tensor<2xf32> : !lobit.weight<2xf32>
  %y = lobit.linear %x, %w bias %b : tensor<1x2xf32>, !lobit.weight<2x2xf16>, !lobit.weight<2xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Packed codes give what logical codes give: 4 rows padded, columns 0..2 of plane 0 are
// +1 -1 0, so byte 0 is +1 (2), byte 1 is -1 (0); the other codes are 0 (1).
// CHECK-LABEL: @packed
// CHECK: dense<6.300000e+01> : tensor<1x1xf32>
func.func @packed() -> tensor<1x1xf32> {
  %x = arith.constant dense<[[127.0, 1.0, 2.0]]> : tensor<1x3xf32>
  %w = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8> scales dense<0.5> : tensor<1xf32>
         : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
  %p = lobit.pack %w : !lobit.weight<1x3, #lobit.ternary<tensor, f32>> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_dot>
  %y = lobit.linear %x, %p : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_dot> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Quantized here: |w| is one magnitude, so the codes are the signs and the scale is 0.5.
// CHECK-LABEL: @quantized
// CHECK: dense<6.300000e+01> : tensor<1x1xf32>
func.func @quantized() -> tensor<1x1xf32> {
  %x = arith.constant dense<[[127.0, 1.0, 2.0]]> : tensor<1x3xf32>
  %w = lobit.weight codes dense<[[0.5, -0.5, 0.0]]> : tensor<1x3xf32> : !lobit.weight<1x3xf32>
  %q = lobit.quantize "optimal" %w : !lobit.weight<1x3xf32> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
  %y = lobit.linear %x, %q : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Rounding is half to even: 0.5 -> 0, 1.5 -> 2, 2.5 -> 2 (a = 127, factor 1).
// CHECK-LABEL: @half_even
// CHECK: dense<{{\[\[}}0.000000e+00, 2.000000e+00, 2.000000e+00]]> : tensor<1x3xf32>
func.func @half_even() -> tensor<1x3xf32> {
  %x = arith.constant dense<[[127.0, 0.5, 1.5, 2.5]]> : tensor<1x4xf32>
  %w = lobit.weight codes dense<[[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]> : tensor<3x4xi8> scales dense<1.0> : tensor<1xf32>
         : !lobit.weight<3x4, #lobit.ternary<tensor, f32>>
  %y = lobit.linear %x, %w : tensor<1x4xf32>, !lobit.weight<3x4, #lobit.ternary<tensor, f32>> -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}
