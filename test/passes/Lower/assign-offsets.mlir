// RUN: quant-opt %s -lobit-assign-offsets | FileCheck %s

// The head shares the place of the embedding.
// CHECK: module attributes {lobit.weights_size = 716 : i64}
// CHECK-LABEL: func.func @forward
func.func @forward(%t: tensor<?xi32>, %p: index, %f: index) -> tensor<?x10xf32> attributes {lobit.entry} {
  // CHECK: lobit.weight "emb" {lobit.offset = 0 : i64} : !lobit.weight<10x5xbf16>
  %e = lobit.weight "emb" : !lobit.weight<10x5xbf16>
  %0 = lm.embed %t, %e : tensor<?xi32>, !lobit.weight<10x5xbf16> -> tensor<?x5xf32>
  // A chain has one place, at its end.
  // CHECK: lobit.weight "w" :
  // CHECK: lobit.quantize
  // CHECK-NOT: lobit.offset
  // CHECK: lobit.pack {{.*}} {lobit.offset = 128 : i64, lobit.scale_offset = 640 : i64}
  %w = lobit.weight "w" : !lobit.weight<5x5xbf16>
  %q = lobit.quantize "absmean" %w : !lobit.weight<5x5xbf16> to !lobit.weight<5x5, #lobit.ternary<tensor, f32>>
  %k = lobit.pack %q : !lobit.weight<5x5, #lobit.ternary<tensor, f32>> to !lobit.weight<5x5, #lobit.ternary<tensor, f32>, t2_dot>
  %1 = lobit.linear %0, %k : tensor<?x5xf32>, !lobit.weight<5x5, #lobit.ternary<tensor, f32>, t2_dot> -> tensor<?x5xf32>
  // CHECK: lobit.weight "emb" {lobit.offset = 0 : i64} : !lobit.weight<10x5xbf16>
  %h = lobit.weight "emb" : !lobit.weight<10x5xbf16>
  %2 = lm.head %1, %h from %f : tensor<?x5xf32>, !lobit.weight<10x5xbf16> -> tensor<?x10xf32>
  return %2 : tensor<?x10xf32>
}

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<3xf32>, tensor<2x2xf32>) {
  // CHECK: lobit.weight codes dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<3xf32> {lobit.offset = 704 : i64} : !lobit.weight<3xf32>
  // CHECK: arith.constant {lobit.offset = 704 : i64} dense<
  %0 = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  // A splat is no data.
  // CHECK: arith.constant dense<0.000000e+00>
  %1 = arith.constant dense<0.0> : tensor<2x2xf32>
  return %0, %1 : tensor<3xf32>, tensor<2x2xf32>
}
