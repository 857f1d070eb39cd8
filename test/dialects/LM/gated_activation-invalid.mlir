// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%gate: tensor<?x4xf32>) {
  // expected-error @below {{enum values for attribute 'activation' [relu2, silu]}}
  %0 = lm.gated_activation gelu %gate, %gate : tensor<?x4xf32>
  return
}
