// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @rope
func.func @rope(%x: tensor<?x256xf32>, %table: !lobit.weight<512x64xf32>, %position: index) -> tensor<?x256xf32> {
  // CHECK: lm.rope %{{[a-z0-9]+}}, %{{[a-z0-9]+}} at %{{[a-z0-9]+}} heads 4 : tensor<?x256xf32>, !lobit.weight<512x64xf32>
  %y = lm.rope %x, %table at %position heads 4 : tensor<?x256xf32>, !lobit.weight<512x64xf32>
  return %y : tensor<?x256xf32>
}
