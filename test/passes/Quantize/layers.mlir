// Which layers are quantized: by default the linear ones but no routers; `layers`
// names others, also embedding and head, which share one weight.
// RUN: quant-opt %s -lobit-quantize-int8 | FileCheck %s --check-prefix=DEFAULT
// RUN: quant-opt %s -lobit-quantize-int8="layers=embed_tokens scale-type=f16" | FileCheck %s --check-prefix=EMBED
// RUN: quant-opt %s -lobit-quantize-ternary="layers=gate" | FileCheck %s --check-prefix=GATE
// RUN: not quant-opt %s -lobit-quantize-int8=layers=k_proj 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not quant-opt %s -lobit-quantize-int8=layers=[ 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: not quant-opt %s -lobit-quantize-int8=scale-type=f8 2>&1 | FileCheck %s --check-prefix=SCALE
// RUN: not quant-opt %s -lobit-quantize-ternary=method=gptq 2>&1 | FileCheck %s --check-prefix=METHOD
// RUN: not quant-opt %s -lobit-quantize-ternary="granularity=group group-size=96" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not quant-opt %s -lobit-quantize-ternary=nonfinite=drop 2>&1 | FileCheck %s --check-prefix=NONFINITE

// NOTHING: error: layer rule 'k_proj=int8' matches no layer; the layers are model.embed_tokens, lm_head, model.layers.0.q_proj, model.layers.0.mlp.gate
// REGEX: error: layer rule '[=int8:f32': bad regular expression:
// SCALE: error: 'f8' cannot follow int8; known are f32 and f16
// METHOD: error: 'gptq' cannot follow ternary; known are the methods absmean, absmean-hf, absmean-block, absmean-refit, optimal, then tensor, row or group=N, then f32 or f16
// SIZE: error: expected a group size of 32, 64, 128 or 256, found '96'
// NONFINITE: error: expected nonfinite error, zero or clamp, found 'drop'

// DEFAULT: %[[E:.*]] = lobit.weight "model.embed_tokens.weight"
// DEFAULT-NEXT: lm.embed %{{.*}}, %[[E]]
// DEFAULT: %[[Q:.*]] = lobit.quantize "absmax" %{{.*}} : !lobit.weight<8x8xf32> to !lobit.weight<8x8, #lobit.int8<row, f32>>
// DEFAULT: lobit.linear %{{.*}}, %[[Q]]
// DEFAULT-NOT: lobit.quantize

// EMBED: %[[E:.*]] = lobit.quantize "absmax" %{{.*}} : !lobit.weight<16x8xbf16> to !lobit.weight<16x8, #lobit.int8<row, f16>>
// EMBED: lm.embed %{{.*}}, %[[E]]
// EMBED-NOT: lobit.quantize
// EMBED: %[[H:.*]] = lobit.weight "model.embed_tokens.weight"
// EMBED: %[[HQ:.*]] = lobit.quantize "absmax" %[[H]]
// EMBED-NOT: lobit.quantize
// EMBED: lm.head %{{.*}}, %[[HQ]]

// GATE: lobit.weight "model.layers.0.mlp.gate.weight"
// GATE-NEXT: lobit.quantize "optimal"
// GATE-NOT: lobit.quantize
func.func @forward(%tokens: tensor<?xi32>, %first: index) -> tensor<?x16xf32> {
  %e = lobit.weight "model.embed_tokens.weight" : !lobit.weight<16x8xbf16>
  %x = lm.embed %tokens, %e {lobit.name = "model.embed_tokens"} : tensor<?xi32>, !lobit.weight<16x8xbf16> -> tensor<?x8xf32>
  %n = lobit.weight "model.norm.weight" : !lobit.weight<8xf32>
  %y = lm.rms_norm %x, %n eps 1.0e-05 : tensor<?x8xf32>, !lobit.weight<8xf32>
  %q = lobit.weight "model.layers.0.q_proj.weight" : !lobit.weight<8x8xf32>
  %z = lobit.linear %y, %q : tensor<?x8xf32>, !lobit.weight<8x8xf32> -> tensor<?x8xf32>
  %g = lobit.weight "model.layers.0.mlp.gate.weight" : !lobit.weight<8x8xf32>
  %u = lobit.linear %z, %g : tensor<?x8xf32>, !lobit.weight<8x8xf32> -> tensor<?x8xf32>
  %h = lobit.weight "model.embed_tokens.weight" : !lobit.weight<16x8xbf16>
  %l = lm.head %u, %h from %first {lobit.name = "lm_head"} : tensor<?x8xf32>, !lobit.weight<16x8xbf16> -> tensor<?x16xf32>
  return %l : tensor<?x16xf32>
}
