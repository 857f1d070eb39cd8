// The documented example of lobit-quantize-int6-pair24, its methods and messages.
// RUN: quant-opt %s -lobit-quantize-int6-pair24 -lobit-fold-weights | FileCheck %s
// RUN: quant-opt %s -lobit-quantize-int6-pair24=method=seed -lobit-fold-weights | FileCheck %s --check-prefix=SEED
// RUN: quant-opt %s -lobit-quantize-int6-pair24=method=seed-exact -lobit-fold-weights | FileCheck %s --check-prefix=EXACT
// RUN: quant-opt %s -lobit-quantize-int6-pair24 -lobit-pack-weights | FileCheck %s --check-prefix=PACK
// RUN: not quant-opt %s -lobit-quantize-int6-pair24=method=absmax 2>&1 | FileCheck %s --check-prefix=METHOD

// METHOD: error: 'absmax' cannot follow int6; known are the methods magnitude, seed, seed-exact, weighted, obs

// CHECK: lobit.weight codes dense<{{\[\[}}5, -3, 0, 0, -32, 31, 0, 0]]> : tensor<1x8xi8> scales dense<5.000000e-01> : tensor<1xf32> : !lobit.weight<1x8, #lobit.int6<row, f32>>
// Scale 16 / 31: 2.5 is 4.84, -1.5 is -2.91, -16 is -31, 15.5 is 30.03.
// SEED: dense<{{\[\[}}5, -3, 0, 0, -31, 30, 0, 0]]>
// EXACT: dense<{{\[\[}}5, -3, 0, 0, -31, 30, 0, 0]]>
// PACK: lobit.pack %{{.*}} to !lobit.weight<1x8, #lobit.int6<row, f32>, i6_tile>
func.func @f(%x: tensor<1x8xf32>) -> tensor<1x1xf32> {
  %w = lobit.weight codes dense<[[2.5, -1.5, 0.5, 0.5, -16.0, 15.5, 0.0, 1.0]]> : tensor<1x8xf32> : !lobit.weight<1x8xf32>
  %y = lobit.linear %x, %w : tensor<1x8xf32>, !lobit.weight<1x8xf32> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}
