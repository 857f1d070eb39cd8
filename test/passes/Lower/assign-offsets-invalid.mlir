// RUN: quant-opt %s -lobit-assign-offsets -verify-diagnostics

func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  %w = lobit.weight "w" : !lobit.weight<4x4xf32>
  // expected-error @+1 {{has the type '!lobit.weight<4x4, #lobit.ternary<tensor, f32>>', which has no byte layout; expected a packed or kept weight: run lobit-pack-weights first}}
  %q = lobit.quantize "absmean" %w : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.ternary<tensor, f32>>
  %y = lobit.linear %x, %q : tensor<?x4xf32>, !lobit.weight<4x4, #lobit.ternary<tensor, f32>> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
