// The documented example of lobit-quantize-int4, and f16 scales.
// RUN: quant-opt %s -lobit-quantize-int4 -lobit-fold-weights | FileCheck %s
// RUN: quant-opt %s -lobit-quantize-int4=scale-type=f16 -lobit-fold-weights | FileCheck %s --check-prefix=F16

// CHECK: lobit.weight codes dense<{{\[\[}}7, 1, 2, -3], [0, 0, 0, 0]]> : tensor<2x4xi8> scales dense<[0.952380895, 0.000000e+00]> : tensor<2xf32> : !lobit.weight<2x4, #lobit.int4<row, f32>>
// F16: scales dense<[9.521480e-01, 0.000000e+00]> : tensor<2xf16> : !lobit.weight<2x4, #lobit.int4<row, f16>>
func.func @f(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %w = lobit.weight codes dense<[[7.0, 0.5, 1.5, -2.5], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32> : !lobit.weight<2x4xf32>
  %y = lobit.linear %x, %w : tensor<1x4xf32>, !lobit.weight<2x4xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
