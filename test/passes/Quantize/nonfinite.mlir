// NaN and infinite weights are refused, or replaced as nonfinite says; the choice is
// recorded on the weight.
// RUN: not quant-opt %s -lobit-quantize-int8 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not quant-opt %s -lobit-quantize-int6-pair24 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: quant-opt %s -lobit-quantize-int8=nonfinite=zero | FileCheck %s --check-prefix=RECORD
// RUN: quant-opt %s -lobit-quantize-int8=nonfinite=zero -lobit-fold-weights | FileCheck %s --check-prefix=ZERO
// RUN: quant-opt %s -lobit-quantize-int8=nonfinite=clamp -lobit-fold-weights | FileCheck %s --check-prefix=CLAMP

// ERROR: error: layer linear_0: tensor 'inline' has a NaN at row 1, column 0; repair the checkpoint, or choose nonfinite=zero or nonfinite=clamp
// RECORD: lobit.weight codes {{.*}}{lobit.nonfinite = "zero"}
// ZERO: codes dense<{{\[\[}}127, -127], [0, 0]]>
// CLAMP: codes dense<{{\[\[}}127, -127], [0, -127]]>
// CLAMP-SAME: scales dense<1.000000e+00> : tensor<2xf32>
func.func @f(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = lobit.weight codes dense<[[127.0, -127.0], [0x7FC00000, 0xFF800000]]> : tensor<2x2xf32> : !lobit.weight<2x2xf32>
  %y = lobit.linear %x, %w : tensor<1x2xf32>, !lobit.weight<2x2xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
