// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// CHECK-LABEL: @relu2
// CHECK: dense<{{\[\[}}1.200000e+01, 0.000000e+00]]> : tensor<1x2xf32>
func.func @relu2() -> tensor<1x2xf32> {
  %gate = arith.constant dense<[[2.0, -2.0]]> : tensor<1x2xf32>
  %up = arith.constant dense<3.0> : tensor<1x2xf32>
  %y = lm.gated_activation relu2 %gate, %up : tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// silu(0) = 0, silu(100) = 100, silu(-100) = -100 / e^88, which is not 0.
// CHECK-LABEL: @silu
// CHECK: dense<{{\[\[}}0.000000e+00, 2.000000e+02, -1.21{{[0-9]*}}E-36]]> : tensor<1x3xf32>
func.func @silu() -> tensor<1x3xf32> {
  %gate = arith.constant dense<[[0.0, 100.0, -100.0]]> : tensor<1x3xf32>
  %up = arith.constant dense<2.0> : tensor<1x3xf32>
  %y = lm.gated_activation silu %gate, %up : tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}
