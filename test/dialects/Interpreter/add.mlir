// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// CHECK-LABEL: @add
// CHECK: dense<{{\[\[}}1.500000e+00, 0.000000e+00]]> : tensor<1x2xf32>
func.func @add() -> tensor<1x2xf32> {
  %x = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %z = arith.constant dense<[[0.5, -2.0]]> : tensor<1x2xf32>
  %y = lm.add %x, %z : tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
