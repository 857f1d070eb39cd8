// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @gated_activation
func.func @gated_activation(%gate: tensor<?x640xf32>, %up: tensor<?x640xf32>) -> tensor<?x640xf32> {
  // CHECK: lm.gated_activation relu2 %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : tensor<?x640xf32>
  %0 = lm.gated_activation relu2 %gate, %up : tensor<?x640xf32>
  // CHECK: lm.gated_activation silu %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : tensor<?x640xf32>
  %1 = lm.gated_activation silu %0, %up : tensor<?x640xf32>
  return %1 : tensor<?x640xf32>
}
