// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// Position 0 turns by cos 1, sin 0; position 1 by cos 0, sin 1 (exact values for the test):
// (a, b) -> (-b, a) in each pair (i, i + 1) of a head of 2.
// CHECK-LABEL: @turn
// CHECK: dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00], [-6.000000e+00, 5.000000e+00, -8.000000e+00, 7.000000e+00]]> : tensor<2x4xf32>
func.func @turn() -> tensor<2x4xf32> {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %table = lobit.weight codes dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32> : !lobit.weight<2x2xf32>
  %position = arith.constant 0 : index
  %y = lm.rope %x, %table at %position heads 2 : tensor<2x4xf32>, !lobit.weight<2x2xf32>
  return %y : tensor<2x4xf32>
}

// The half-rotation form pairs i with i + headDim / 2.
// CHECK-LABEL: @halves
// CHECK: dense<{{\[\[}}-3.000000e+00, 2.000000e+00, 1.000000e+00, 4.000000e+00]]> : tensor<1x4xf32>
func.func @halves() -> tensor<1x4xf32> {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %table = lobit.weight codes dense<[[9.0, 9.0, 9.0, 9.0], [0.0, 1.0, 1.0, 0.0]]> : tensor<2x4xf32> : !lobit.weight<2x4xf32>
  %position = arith.constant 1 : index
  %y = lm.rope %x, %table at %position heads 1 : tensor<1x4xf32>, !lobit.weight<2x4xf32>
  return %y : tensor<1x4xf32>
}
