// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// CHECK-LABEL: @cast_and_dim
// CHECK-NEXT: constant 3 : index
func.func @cast_and_dim() -> index {
  %x = arith.constant dense<1.0> : tensor<2x3xf32>
  %0 = tensor.cast %x : tensor<2x3xf32> to tensor<?x?xf32>
  %one = arith.constant 1 : index
  %1 = tensor.dim %0, %one : tensor<?x?xf32>
  return %1 : index
}

// CHECK-LABEL: @extract
// CHECK-NEXT: constant 6 : i32
func.func @extract() -> i32 {
  %x = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %0 = tensor.extract %x[%one, %two] : tensor<2x3xi32>
  return %0 : i32
}

// CHECK-LABEL: @build
// CHECK-NEXT: dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: dense<1.000000e+00> : tensor<2x2xf32>
// CHECK: tensor<3x0xf32> to tensor<3x?xf32>
func.func @build() -> (tensor<2xf32>, tensor<2x2xf32>, tensor<3x?xf32>) {
  %a = arith.constant 1.0 : f32
  %b = arith.constant 2.0 : f32
  %zero = arith.constant 0 : index
  %0 = tensor.from_elements %a, %b : tensor<2xf32>
  %1 = tensor.splat %a : tensor<2x2xf32>
  %2 = tensor.empty(%zero) : tensor<3x?xf32>
  return %0, %1, %2 : tensor<2xf32>, tensor<2x2xf32>, tensor<3x?xf32>
}
