// RUN: quant-opt %s -split-input-file -convert-linalg-to-lobit | FileCheck %s

// A transposed weight keeps its constant; a bias that starts the layer is folded.
// CHECK-LABEL: func.func @transpose_b
// CHECK-NEXT: %[[W:.*]] = lobit.weight codes dense<{{.*}}1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00{{.*}} : tensor<2x3xf32> : !lobit.weight<2x3xf32>
// CHECK-NEXT: %[[B:.*]] = lobit.weight codes dense<[5.000000e-01, -5.000000e-01]> : tensor<2xf32> : !lobit.weight<2xf32>
// CHECK-NEXT: lobit.linear %{{.*}}, %[[W]] bias %[[B]] {lobit.name = "dense_0"}
// CHECK-NEXT: return
func.func @transpose_b(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<4x2xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>) outs(%empty : tensor<4x2xf32>) dimensions = [0]
  %y = linalg.matmul_transpose_b ins(%x, %w : tensor<4x3xf32>, tensor<2x3xf32>)
                                 outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// Generic of the same form, operands in the other order, weight from a resource; the
// bias is added by a generic; relu stays linalg.
// CHECK-LABEL: func.func @generic
// CHECK: %[[W:.*]] = lobit.weight codes dense_resource<w> : tensor<2x3xf32> : !lobit.weight<2x3xf32>
// CHECK: %[[B:.*]] = lobit.weight codes dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = lobit.linear %{{.*}}, %[[W]] bias %[[B]] {lobit.name = "dense_0"}
// CHECK: linalg.generic {{.*}} ins(%[[Y]] : tensor<4x2xf32>)
// CHECK: arith.maximumf
#nk = affine_map<(m, n, k) -> (n, k)>
#mk = affine_map<(m, n, k) -> (m, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (n)>
func.func @generic(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense_resource<w> : tensor<2x3xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %init = arith.constant dense<0.0> : tensor<4x2xf32>
  %empty = tensor.empty() : tensor<4x2xf32>
  %y = linalg.generic {indexing_maps = [#nk, #mk, #mn],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%w, %x : tensor<2x3xf32>, tensor<4x3xf32>) outs(%init : tensor<4x2xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %p = arith.mulf %c, %a : f32
    %s = arith.addf %p, %o : f32
    linalg.yield %s : f32
  } -> tensor<4x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %b : tensor<4x2xf32>, tensor<2xf32>) outs(%empty : tensor<4x2xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<4x2xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z : tensor<4x2xf32>) outs(%empty : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %zero = arith.constant 0.0 : f32
    %s = arith.maximumf %a, %zero : f32
    linalg.yield %s : f32
  } -> tensor<4x2xf32>
  return %r : tensor<4x2xf32>
}
{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F0000004000004040000080400000A0400000C040"
    }
  }
#-}

// -----

// linalg.add of equal rows is a bias; linalg.transpose of the weight is read through.
// CHECK-LABEL: func.func @add
// CHECK: %[[W:.*]] = lobit.weight codes dense<{{.*}}1.000000e+00, 2.000000e+00, 3.000000e+00], [4{{.*}} : tensor<2x3xf32>
// CHECK: %[[B:.*]] = lobit.weight codes dense<[7.000000e+00, 8.000000e+00]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = lobit.linear %{{.*}}, %[[W]] bias %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @add(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = arith.constant dense<[[7.0, 8.0], [7.0, 8.0]]> : tensor<2x2xf32>
  %zero = arith.constant 0.0 : f32
  %wide = tensor.empty() : tensor<3x2xf32>
  %wt = linalg.transpose ins(%w : tensor<2x3xf32>) outs(%wide : tensor<3x2xf32>) permutation = [1, 0]
  %empty = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %wt : tensor<2x3xf32>, tensor<3x2xf32>)
                     outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z = linalg.add ins(%b, %y : tensor<2x2xf32>, tensor<2x2xf32>)
                  outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}

// -----

// Two layers; names count up. A splat weight stays a splat.
// CHECK-LABEL: func.func @mlp
// CHECK: lobit.weight codes dense<1.000000e+00> : tensor<5x3xf32>
// CHECK: lobit.linear {{.*}} {lobit.name = "dense_0"} : tensor<1x3xf32>, !lobit.weight<5x3xf32> -> tensor<1x5xf32>
// CHECK: lobit.linear {{.*}} {lobit.name = "dense_1"} : tensor<1x5xf32>, !lobit.weight<2x5xf32> -> tensor<1x2xf32>
func.func @mlp(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %w0 = arith.constant dense<1.0> : tensor<3x5xf32>
  %w1 = arith.constant dense<2.0> : tensor<5x2xf32>
  %i0 = arith.constant dense<0.0> : tensor<1x5xf32>
  %i1 = arith.constant dense<0.0> : tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %w0 : tensor<1x3xf32>, tensor<3x5xf32>)
                     outs(%i0 : tensor<1x5xf32>) -> tensor<1x5xf32>
  %z = linalg.matmul ins(%y, %w1 : tensor<1x5xf32>, tensor<5x2xf32>)
                     outs(%i1 : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %z : tensor<1x2xf32>
}

// -----

// No dense layers: a product of two arguments, one that accumulates, one whose sum is
// used twice (the bias stays), one with a bias that differs by row.
// CHECK-LABEL: func.func @stays
// CHECK: linalg.matmul ins(%arg0, %arg1
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}}) outs(%arg2
// CHECK: lobit.linear %{{.*}}, %{{.*}} {lobit.name = "dense_0"}
// CHECK: linalg.add
// CHECK: lobit.linear %{{.*}}, %{{.*}} {lobit.name = "dense_1"}
// CHECK: linalg.add
func.func @stays(%x: tensor<2x2xf32>, %v: tensor<2x2xf32>, %acc: tensor<2x2xf32>)
    -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %rows = arith.constant dense<[[1.0, 1.0], [2.0, 2.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<1.0> : tensor<2x2xf32>
  %init = arith.constant dense<0.0> : tensor<2x2xf32>
  %empty = tensor.empty() : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %v : tensor<2x2xf32>, tensor<2x2xf32>)
                     outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = linalg.matmul ins(%0, %w : tensor<2x2xf32>, tensor<2x2xf32>)
                     outs(%acc : tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = linalg.matmul ins(%1, %w : tensor<2x2xf32>, tensor<2x2xf32>)
                     outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = linalg.add ins(%2, %b : tensor<2x2xf32>, tensor<2x2xf32>)
                  outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  %4 = linalg.matmul ins(%3, %w : tensor<2x2xf32>, tensor<2x2xf32>)
                     outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  %5 = linalg.add ins(%4, %rows : tensor<2x2xf32>, tensor<2x2xf32>)
                  outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1, %2, %3, %5 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
