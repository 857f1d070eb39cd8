// The documented example, then each method, option and message of
// lobit-quantize-ternary.
// RUN: quant-opt %s -split-input-file -lobit-quantize-ternary=method=absmean -lobit-fold-weights | FileCheck %s --check-prefix=ABSMEAN
// RUN: quant-opt %s -split-input-file -lobit-quantize-ternary=method=absmean-hf -lobit-fold-weights | FileCheck %s --check-prefix=HF
// RUN: quant-opt %s -split-input-file -lobit-quantize-ternary=method=absmean-block -lobit-fold-weights | FileCheck %s --check-prefix=BLOCK
// RUN: quant-opt %s -split-input-file -lobit-quantize-ternary=method=absmean-refit -lobit-fold-weights | FileCheck %s --check-prefix=REFIT
// RUN: quant-opt %s -split-input-file -lobit-quantize-ternary -lobit-fold-weights | FileCheck %s --check-prefix=OPTIMAL
// RUN: quant-opt %s -split-input-file -lobit-quantize-ternary="granularity=group group-size=32 scale-type=f16" | FileCheck %s --check-prefix=GROUP

// ABSMEAN-LABEL: @ties
// ABSMEAN: lobit.weight codes dense<{{\[\[}}1, -1, 0, 0], [1, -1, 0, 0]]> : tensor<2x4xi8> scales dense<5.000000e-01> : tensor<1xf32> : !lobit.weight<2x4, #lobit.ternary<tensor, f32>>
// ABSMEAN-NOT: lobit.quantize
// HF-LABEL: @ties
// HF: codes dense<{{\[\[}}1, -1, 0, 0], [1, -1, 0, 0]]> : tensor<2x4xi8> scales dense<5.000000e-01>
// BLOCK-LABEL: @ties
// BLOCK: codes dense<{{\[\[}}1, -1, 1, -1], [1, -1, 0, 0]]> : tensor<2x4xi8> scales dense<5.000000e-01>
// REFIT-LABEL: @ties
// REFIT: codes dense<{{\[\[}}1, -1, 0, 0], [1, -1, 0, 0]]> : tensor<2x4xi8> scales dense<8.750000e-01>
// OPTIMAL-LABEL: @ties
// OPTIMAL: codes dense<{{\[\[}}1, -1, 0, 0], [1, -1, 0, 0]]> : tensor<2x4xi8> scales dense<[1.000000e+00, 7.500000e-01]> : tensor<2xf32> : !lobit.weight<2x4, #lobit.ternary<row, f32>>
// GROUP-LABEL: @ties
// GROUP: lobit.quantize "optimal" %{{.*}} : !lobit.weight<2x4xf32> to !lobit.weight<2x4, #lobit.ternary<group = 32, f16>>
func.func @ties(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %w = lobit.weight codes dense<[[1.0, -1.0, 0.25, -0.25], [0.75, -0.75, 0.0, 0.0]]> : tensor<2x4xf32> : !lobit.weight<2x4xf32>
  %y = lobit.linear %x, %w : tensor<1x4xf32>, !lobit.weight<2x4xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// Weights that are ternary already: one scale for each row. The mean would make 1/3 of them.
// ABSMEAN-LABEL: @native
// ABSMEAN: codes dense<{{\[\[}}1, 0, -1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, -1]]> : tensor<2x8xi8> scales dense<[1.500000e+00, 3.000000e+00]> : tensor<2xf32> : !lobit.weight<2x8, #lobit.ternary<row, f32>>
// GROUP-LABEL: @native
// GROUP: to !lobit.weight<2x8, #lobit.ternary<group = 32, f16>>
// BLOCK-LABEL: @native
// BLOCK: codes dense<{{\[\[}}1, 0, -1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, -1]]> : tensor<2x8xi8> scales dense<5.625000e-01> : tensor<1xf32>
func.func @native(%x: tensor<1x8xf32>) -> tensor<1x2xf32> {
  %w = lobit.weight codes dense<[[1.5, 0.0, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 3.0, -0.0, 0.0, 0.0, 0.0, 0.0, -3.0]]> : tensor<2x8xf32> : !lobit.weight<2x8xf32>
  %y = lobit.linear %x, %w : tensor<1x8xf32>, !lobit.weight<2x8xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// f16 would underflow: the scales are f32.
// GROUP-LABEL: @tiny
// GROUP: to !lobit.weight<1x2, #lobit.ternary<group = 32, f32>>
func.func @tiny(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = lobit.weight codes dense<[[1.0e-9, -1.0e-10]]> : tensor<1x2xf32> : !lobit.weight<1x2xf32>
  %y = lobit.linear %x, %w : tensor<1x2xf32>, !lobit.weight<1x2xf32> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// bf16 weights, named weights (not looked at), two readers of one weight, and a bias.
// OPTIMAL-LABEL: @chains
// OPTIMAL: codes dense<{{\[\[}}1, -1]]> : tensor<1x2xi8> scales dense<5.000000e-01> : tensor<1xf32>
// OPTIMAL: %[[W:.*]] = lobit.weight "a.weight" : !lobit.weight<1x2xbf16>
// OPTIMAL: %[[Q:.*]] = lobit.quantize "optimal" %[[W]] : !lobit.weight<1x2xbf16> to !lobit.weight<1x2, #lobit.ternary<row, f32>>
// OPTIMAL: lobit.linear %{{.*}}, %[[Q]] bias %{{.*}} :
// OPTIMAL: lobit.linear %{{.*}}, %[[Q]] :
// OPTIMAL-NOT: lobit.quantize
func.func @chains(%x: tensor<1x2xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>) {
  %v = lobit.weight codes dense<[[0.5, -0.5]]> : tensor<1x2xbf16> : !lobit.weight<1x2xbf16>
  %w = lobit.weight "a.weight" : !lobit.weight<1x2xbf16>
  %b = lobit.weight "a.bias" : !lobit.weight<1xf32>
  %0 = lobit.linear %x, %v : tensor<1x2xf32>, !lobit.weight<1x2xbf16> -> tensor<1x1xf32>
  %1 = lobit.linear %x, %w bias %b : tensor<1x2xf32>, !lobit.weight<1x2xbf16>, !lobit.weight<1xf32> -> tensor<1x1xf32>
  %2 = lobit.linear %x, %w : tensor<1x2xf32>, !lobit.weight<1x2xbf16> -> tensor<1x1xf32>
  return %0, %1, %2 : tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>
}
