// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// Rows before `first` are not computed.
// CHECK-LABEL: @head
// CHECK: dense<{{\[\[}}7.000000e+00, 3.000000e+00, 4.000000e+00]]> : tensor<1x3xf32>
// CHECK: tensor.cast %{{.*}} : tensor<1x3xf32> to tensor<?x3xf32>
func.func @head() -> tensor<?x3xf32> {
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w = lobit.weight codes dense<[[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]> : tensor<3x2xf32> : !lobit.weight<3x2xf32>
  %first = arith.constant 1 : index
  %y = lm.head %x, %w from %first : tensor<2x2xf32>, !lobit.weight<3x2xf32> -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
