// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// mean(x^2) = 4, eps 0: inv = 1 / 2.
// CHECK-LABEL: @plain
// CHECK: dense<{{\[\[}}1.000000e+00, -2.000000e+00, 3.000000e+00, 4.000000e+00]]> : tensor<1x4xf32>
func.func @plain() -> tensor<1x4xf32> {
  %x = arith.constant dense<[[2.0, -2.0, 2.0, 2.0]]> : tensor<1x4xf32>
  %w = lobit.weight codes dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xbf16> : !lobit.weight<4xbf16>
  %y = lm.rms_norm %x, %w eps 0.0 : tensor<1x4xf32>, !lobit.weight<4xbf16>
  return %y : tensor<1x4xf32>
}

// A zero row stays zero: inv = 1 / sqrt(eps).
// CHECK-LABEL: @zero
// CHECK: dense<0.000000e+00> : tensor<1x4xf32>
func.func @zero() -> tensor<1x4xf32> {
  %x = arith.constant dense<0.0> : tensor<1x4xf32>
  %w = lobit.weight codes dense<1.0> : tensor<4xf32> : !lobit.weight<4xf32>
  %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<1x4xf32>, !lobit.weight<4xf32>
  return %y : tensor<1x4xf32>
}
