// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// Every op of dialects/Interpreter/AcceptedOps.inc.

// CHECK-LABEL: @matmul
// CHECK: dense<{{\[\[}}9.000000e+00, 1.200000e+01], [1.900000e+01, 2.600000e+01]]> : tensor<2x2xf32>
func.func @matmul() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %two = arith.constant 2.0 : f32
  %empty = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%two : f32) outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<2x2xf32>, tensor<2x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  %4 = arith.constant dense<[[0.0, 0.0], [2.0, 2.0]]> : tensor<2x2xf32>
  %1 = linalg.add ins(%0, %4 : tensor<2x2xf32>, tensor<2x2xf32>) outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// CHECK-LABEL: @matmul_transpose_a
// CHECK: dense<{{\[\[}}1.000000e+01, 1.400000e+01], [1.400000e+01, 2.000000e+01]]> : tensor<2x2xf32>
func.func @matmul_transpose_a() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %init = arith.constant dense<0.0> : tensor<2x2xf32>
  %0 = linalg.matmul_transpose_a ins(%a, %a : tensor<2x2xf32>, tensor<2x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// CHECK-LABEL: @matmul_transpose_b
// CHECK: dense<{{\[\[}}5.000000e+00, 1.100000e+01], [1.100000e+01, 2.500000e+01]]> : tensor<2x2xf32>
func.func @matmul_transpose_b() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %init = arith.constant dense<0.0> : tensor<2x2xf32>
  %0 = linalg.matmul_transpose_b ins(%a, %a : tensor<2x2xf32>, tensor<2x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// CHECK-LABEL: @batch_matmul
// CHECK: dense<{{\[\[\[}}3.000000e+00]], {{\[\[}}8.000000e+00]]]> : tensor<2x1x1xf32>
func.func @batch_matmul() -> tensor<2x1x1xf32> {
  %a = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %b = arith.constant dense<[[[3.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %init = arith.constant dense<0.0> : tensor<2x1x1xf32>
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x1x1xf32>, tensor<2x1x1xf32>) outs(%init : tensor<2x1x1xf32>) -> tensor<2x1x1xf32>
  return %0 : tensor<2x1x1xf32>
}

// CHECK-LABEL: @vectors
// CHECK-DAG: dense<[5.000000e+00, 1.100000e+01]> : tensor<2xf32>
// CHECK-DAG: dense<[7.000000e+00, 1.000000e+01]> : tensor<2xf32>
// CHECK-DAG: dense<5.000000e+00> : tensor<f32>
func.func @vectors() -> (tensor<2xf32>, tensor<2xf32>, tensor<f32>) {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %init = arith.constant dense<0.0> : tensor<2xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %0 = linalg.matvec ins(%a, %x : tensor<2x2xf32>, tensor<2xf32>) outs(%init : tensor<2xf32>) -> tensor<2xf32>
  %1 = linalg.vecmat ins(%x, %a : tensor<2xf32>, tensor<2x2xf32>) outs(%init : tensor<2xf32>) -> tensor<2xf32>
  %2 = linalg.dot ins(%x, %x : tensor<2xf32>, tensor<2xf32>) outs(%zero : tensor<f32>) -> tensor<f32>
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<f32>
}

// CHECK-LABEL: @elementwise
// CHECK-NEXT: dense<[-3.000000e+00, 6.000000e+00]>
// CHECK-NEXT: dense<[-5.000000e+00, 2.000000e+00]>
// CHECK-NEXT: dense<[-4.000000e+00, 8.000000e+00]>
// CHECK-NEXT: dense<[-4.000000e+00, 2.000000e+00]>
// CHECK-NEXT: dense<[1.000000e+00, 4.000000e+00]>
// CHECK-NEXT: dense<[-4.000000e+00, 2.000000e+00]>
// CHECK-NEXT: dense<4.000000e+00>
// CHECK-NEXT: dense<[4.000000e+00, -4.000000e+00]>
// CHECK-NEXT: dense<2.000000e+00>
// CHECK-NEXT: dense<1.600000e+01>
// CHECK-NEXT: dense<[-4.000000e+00, 4.000000e+00]>
func.func @elementwise() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
                             tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %x = arith.constant dense<[-4.0, 4.0]> : tensor<2xf32>
  %y = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %0 = linalg.add ins(%x, %y : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %1 = linalg.sub ins(%x, %y : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %2 = linalg.mul ins(%x, %y : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %3 = linalg.div ins(%x, %y : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %4 = linalg.max ins(%x, %y : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %5 = linalg.min ins(%x, %y : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %6 = linalg.abs ins(%x : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %7 = linalg.negf ins(%x : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %8 = linalg.sqrt ins(%6 : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %9 = linalg.square ins(%x : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %10 = linalg.copy ins(%x : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
    tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: @shapes
// CHECK-NEXT: dense<{{\[\[}}1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
// CHECK-NEXT: dense<{{\[\[\[}}1], [2], [3]], {{\[\[}}4], [5], [6]]]> : tensor<2x3x1xi32>
// CHECK-NEXT: dense<[1, 2, 3, 4, 5, 6]> : tensor<6xi32>
// CHECK-NEXT: dense<{{\[\[}}7, 7], [8, 8]]> : tensor<2x2xi32>
// CHECK-NEXT: dense<[6, 15]> : tensor<2xi32>
// CHECK-NEXT: dense<[8, 9]> : tensor<2xi32>
func.func @shapes() -> (tensor<3x2xi32>, tensor<2x3x1xi32>, tensor<6xi32>, tensor<2x2xi32>, tensor<2xi32>, tensor<2xi32>) {
  %x = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %v = arith.constant dense<[7, 8]> : tensor<2xi32>
  %e32 = tensor.empty() : tensor<3x2xi32>
  %e22 = tensor.empty() : tensor<2x2xi32>
  %zeros = arith.constant dense<0> : tensor<2xi32>
  %one = arith.constant 1 : i32
  %0 = linalg.transpose ins(%x : tensor<2x3xi32>) outs(%e32 : tensor<3x2xi32>) permutation = [1, 0]
  %1 = tensor.expand_shape %x [[0], [1, 2]] output_shape [2, 3, 1] : tensor<2x3xi32> into tensor<2x3x1xi32>
  %2 = tensor.collapse_shape %x [[0, 1]] : tensor<2x3xi32> into tensor<6xi32>
  %3 = linalg.broadcast ins(%v : tensor<2xi32>) outs(%e22 : tensor<2x2xi32>) dimensions = [1]
  %4 = linalg.reduce ins(%x : tensor<2x3xi32>) outs(%zeros : tensor<2xi32>) dimensions = [1]
    (%in: i32, %acc: i32) {
      %sum = arith.addi %in, %acc : i32
      linalg.yield %sum : i32
    }
  %5 = linalg.map ins(%v : tensor<2xi32>) outs(%zeros : tensor<2xi32>)
    (%in: i32) {
      %sum = arith.addi %in, %one : i32
      linalg.yield %sum : i32
    }
  return %0, %1, %2, %3, %4, %5 : tensor<3x2xi32>, tensor<2x3x1xi32>, tensor<6xi32>, tensor<2x2xi32>, tensor<2xi32>, tensor<2xi32>
}

// A bias with relu, as exporters write it.
// CHECK-LABEL: @generic
// CHECK: dense<{{\[\[}}0.000000e+00, 2.500000e+00]]> : tensor<1x2xf32>
func.func @generic() -> tensor<1x2xf32> {
  %x = arith.constant dense<[[-1.0, 2.0]]> : tensor<1x2xf32>
  %bias = arith.constant dense<[0.25, 0.5]> : tensor<2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x, %bias : tensor<1x2xf32>, tensor<2xf32>) outs(%e : tensor<1x2xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %sum = arith.addf %a, %b : f32
      %positive = arith.cmpf ogt, %sum, %zero : f32
      %relu = arith.select %positive, %sum, %zero : f32
      linalg.yield %relu : f32
  } -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// A window: indexing maps may add dimensions.
// CHECK-LABEL: @window
// CHECK: dense<[6.000000e+00, 9.000000e+00]> : tensor<2xf32>
func.func @window() -> tensor<2xf32> {
  %x = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %taps = arith.constant dense<1.0> : tensor<3xf32>
  %init = arith.constant dense<0.0> : tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0 + d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x, %taps : tensor<4xf32>, tensor<3xf32>) outs(%init : tensor<2xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %product = arith.mulf %a, %b : f32
      %sum = arith.addf %out, %product : f32
      linalg.yield %sum : f32
  } -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: @index
// CHECK: dense<[0.000000e+00, -1.000000e+00, -2.000000e+00]> : tensor<3xf32>
func.func @index() -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%e : tensor<3xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %n = arith.index_cast %i : index to i32
      %minus = arith.constant -1 : i32
      %m = arith.muli %n, %minus : i32
      %f = arith.sitofp %m : i32 to f32
      linalg.yield %f : f32
  } -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
