// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// The first token sees only itself. Equal scores weigh all positions alike: token 1 with
// query 0 gets the mean of the values. Both query heads read the one key-value head.
// CHECK-LABEL: @grouped
// CHECK: dense<{{\[\[}}1.000000e+00, 2.000000e+00, 1.000000e+00, 2.000000e+00], [2.000000e+00, 4.000000e+00, 2.000000e+00, 4.000000e+00]]> : tensor<2x4xf32>
func.func @grouped() -> tensor<2x4xf32> {
  %q = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32>
  %k = arith.constant dense<[[1.0, 2.0], [0.5, 0.5]]> : tensor<2x2xf32>
  %v = arith.constant dense<[[1.0, 2.0], [3.0, 6.0]]> : tensor<2x2xf32>
  %position = arith.constant 0 : index
  %cache = lm.cache 0 : !lm.cache<1x8x2>
  %y = lm.attention %q, %k, %v, %cache at %position heads 2 scale 0.5 : tensor<2x4xf32>, tensor<2x2xf32>, !lm.cache<1x8x2>
  return %y : tensor<2x4xf32>
}

// Query heads 0, 1 read key-value head 0, heads 2, 3 head 1.
// CHECK-LABEL: @heads
// CHECK: dense<{{\[\[}}1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00]]> : tensor<1x4xf32>
func.func @heads() -> tensor<1x4xf32> {
  %q = arith.constant dense<1.0> : tensor<1x4xf32>
  %v = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %position = arith.constant 0 : index
  %cache = lm.cache 0 : !lm.cache<2x8x1>
  %y = lm.attention %q, %v, %v, %cache at %position heads 4 scale 1.0 : tensor<1x4xf32>, tensor<1x2xf32>, !lm.cache<2x8x1>
  return %y : tensor<1x4xf32>
}

// A score 100 below the largest has weight 0, not NaN.
// CHECK-LABEL: @far
// CHECK: dense<7.000000e+00> : tensor<2x1xf32>
func.func @far() -> tensor<2x1xf32> {
  %q = arith.constant dense<1.0> : tensor<2x1xf32>
  %k = arith.constant dense<[[100.0], [0.0]]> : tensor<2x1xf32>
  %v = arith.constant dense<[[7.0], [5.0]]> : tensor<2x1xf32>
  %position = arith.constant 0 : index
  %cache = lm.cache 0 : !lm.cache<1x8x1>
  %y = lm.attention %q, %k, %v, %cache at %position heads 1 scale 1.0 : tensor<2x1xf32>, tensor<2x1xf32>, !lm.cache<1x8x1>
  return %y : tensor<2x1xf32>
}

// f16 keys and values are rounded: 2049 becomes 2048.
// CHECK-LABEL: @f16
// CHECK: dense<2.048000e+03> : tensor<1x1xf32>
func.func @f16() -> tensor<1x1xf32> {
  %v = arith.constant dense<2049.0> : tensor<1x1xf32>
  %position = arith.constant 0 : index
  %cache = lm.cache 0 : !lm.cache<1x8x1, f16>
  %y = lm.attention %v, %v, %v, %cache at %position heads 1 scale 1.0 : tensor<1x1xf32>, tensor<1x1xf32>, !lm.cache<1x8x1, f16>
  return %y : tensor<1x1xf32>
}

// int8: the largest of a head becomes 127, 0.1 becomes 13 of 127.
// CHECK-LABEL: @int8
// CHECK: dense<{{\[\[}}1.000000e+00, 0.102362
func.func @int8() -> tensor<1x2xf32> {
  %v = arith.constant dense<[[1.0, 0.1]]> : tensor<1x2xf32>
  %position = arith.constant 0 : index
  %cache = lm.cache 0 : !lm.cache<1x8x2, i8>
  %y = lm.attention %v, %v, %v, %cache at %position heads 1 scale 1.0 : tensor<1x2xf32>, tensor<1x2xf32>, !lm.cache<1x8x2, i8>
  return %y : tensor<1x2xf32>
}
