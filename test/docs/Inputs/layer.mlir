func.func @main(%x: tensor<2x8xf32>) -> tensor<2x4xf32> attributes {lobit.entry} {
  %w = arith.constant dense<[
    [ 0.9, -1.1,  0.1,  1.0, -0.2, -0.9,  1.2,  0.0],
    [-1.0,  0.2,  0.9, -0.1,  1.1,  0.0, -0.8,  1.0],
    [ 0.0,  1.0, -1.0,  0.8,  0.1, -1.2,  0.0,  0.9],
    [ 1.1,  0.0,  0.1, -0.9, -1.0,  0.2,  1.0, -1.1]]> : tensor<4x8xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = linalg.matmul_transpose_b ins(%x, %w : tensor<2x8xf32>, tensor<4x8xf32>)
                                 outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
