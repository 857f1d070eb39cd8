// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// The whole prompt at once, 1 + 2, and token by token give the same bits: the cache keeps
// what earlier calls wrote.
func.func private @block(%q: tensor<?x4xf32>, %kv: tensor<?x2xf32>, %position: index) -> tensor<?x4xf32> {
  %cache = lm.cache 0 : !lm.cache<1x8x2>
  %y = lm.attention %q, %kv, %kv, %cache at %position heads 2 scale 0.7 : tensor<?x4xf32>, tensor<?x2xf32>, !lm.cache<1x8x2>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @at_once
// CHECK: [0.279198021, 0.982612073, 0.71067208, 1.48909748]]> : tensor<3x4xf32>
func.func @at_once() -> tensor<?x4xf32> {
  %q = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.1, 0.5, 0.3, 0.2], [-1.0, 0.4, 0.3, 0.9]]> : tensor<3x4xf32>
  %kv = arith.constant dense<[[1.0, 2.0], [0.7, 1.1], [-0.4, 0.3]]> : tensor<3x2xf32>
  %c0 = arith.constant 0 : index
  %0 = tensor.cast %q : tensor<3x4xf32> to tensor<?x4xf32>
  %1 = tensor.cast %kv : tensor<3x2xf32> to tensor<?x2xf32>
  %y = call @block(%0, %1, %c0) : (tensor<?x4xf32>, tensor<?x2xf32>, index) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @one_by_one
// CHECK: [0.279198021, 0.982612073, 0.71067208, 1.48909748]]> : tensor<1x4xf32>
func.func @one_by_one() -> tensor<?x4xf32> {
  %q0 = arith.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %q1 = arith.constant dense<[[0.1, 0.5, 0.3, 0.2]]> : tensor<1x4xf32>
  %q2 = arith.constant dense<[[-1.0, 0.4, 0.3, 0.9]]> : tensor<1x4xf32>
  %kv0 = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %kv1 = arith.constant dense<[[0.7, 1.1]]> : tensor<1x2xf32>
  %kv2 = arith.constant dense<[[-0.4, 0.3]]> : tensor<1x2xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %dq0 = tensor.cast %q0 : tensor<1x4xf32> to tensor<?x4xf32>
  %dq1 = tensor.cast %q1 : tensor<1x4xf32> to tensor<?x4xf32>
  %dq2 = tensor.cast %q2 : tensor<1x4xf32> to tensor<?x4xf32>
  %dk0 = tensor.cast %kv0 : tensor<1x2xf32> to tensor<?x2xf32>
  %dk1 = tensor.cast %kv1 : tensor<1x2xf32> to tensor<?x2xf32>
  %dk2 = tensor.cast %kv2 : tensor<1x2xf32> to tensor<?x2xf32>
  %0 = call @block(%dq0, %dk0, %c0) : (tensor<?x4xf32>, tensor<?x2xf32>, index) -> tensor<?x4xf32>
  %1 = call @block(%dq1, %dk1, %c1) : (tensor<?x4xf32>, tensor<?x2xf32>, index) -> tensor<?x4xf32>
  %2 = call @block(%dq2, %dk2, %c2) : (tensor<?x4xf32>, tensor<?x2xf32>, index) -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}
