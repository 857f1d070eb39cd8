func.func @main(%x: tensor<8x1024xf32>) -> tensor<8x64xf32> attributes {lobit.entry} {
  %w = arith.constant dense<0.5> : tensor<64x1024xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x64xf32>) -> tensor<8x64xf32>
  %y = linalg.matmul_transpose_b ins(%x, %w : tensor<8x1024xf32>, tensor<64x1024xf32>) outs(%f : tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
