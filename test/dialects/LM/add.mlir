// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @add
func.func @add(%x: tensor<?x256xf32>, %z: tensor<?x256xf32>) -> tensor<?x256xf32> {
  // CHECK: lm.add %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : tensor<?x256xf32>
  %y = lm.add %x, %z : tensor<?x256xf32>
  return %y : tensor<?x256xf32>
}
