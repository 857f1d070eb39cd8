// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @rms_norm
func.func @rms_norm(%x: tensor<?x256xf32>, %w: !lobit.weight<256xbf16>) -> tensor<?x256xf32> {
  // CHECK: lm.rms_norm %{{[a-z0-9]+}}, %{{[a-z0-9]+}} eps 1.000000e-03 : tensor<?x256xf32>, !lobit.weight<256xbf16>
  %y = lm.rms_norm %x, %w eps 1.0e-03 : tensor<?x256xf32>, !lobit.weight<256xbf16>
  return %y : tensor<?x256xf32>
}
