// The documented example of lobit-quantize-int8, and f16 scales.
// RUN: quant-opt %s -lobit-quantize-int8 -lobit-fold-weights | FileCheck %s
// RUN: quant-opt %s -lobit-quantize-int8=scale-type=f16 -lobit-fold-weights | FileCheck %s --check-prefix=F16

// CHECK: lobit.weight codes dense<{{\[\[}}127, 0, 2, -2], [0, 0, 0, 0]]> : tensor<2x4xi8> scales dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf32> : !lobit.weight<2x4, #lobit.int8<row, f32>>
// F16: scales dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf16> : !lobit.weight<2x4, #lobit.int8<row, f16>>
func.func @f(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %w = lobit.weight codes dense<[[127.0, 0.5, 1.5, -2.5], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32> : !lobit.weight<2x4xf32>
  %y = lobit.linear %x, %w : tensor<1x4xf32>, !lobit.weight<2x4xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
