// The example of passes/Import/Passes.td.
// RUN: quant-opt %s -convert-linalg-to-lobit | FileCheck %s

func.func @main(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>)
                     outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// CHECK:      module attributes {lobit.model = {kind = "function"}} {
// CHECK-NEXT:   func.func @main(%[[X:.*]]: tensor<4x3xf32>) -> tensor<4x2xf32> attributes {lobit.entry} {
// CHECK-NEXT:     %[[W:.*]] = lobit.weight codes dense<{{\[\[}}1.000000e+00, 3.000000e+00, 5.000000e+00], [2.000000e+00, 4.000000e+00, 6.000000e+00]]> : tensor<2x3xf32> : !lobit.weight<2x3xf32>
// CHECK-NEXT:     %[[Y:.*]] = lobit.linear %[[X]], %[[W]] {lobit.name = "dense_0"} : tensor<4x3xf32>, !lobit.weight<2x3xf32> -> tensor<4x2xf32>
// CHECK-NEXT:     return %[[Y]]
