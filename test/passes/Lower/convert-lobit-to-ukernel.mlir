// RUN: quant-opt %s -lobit-merge-functions -lobit-assign-offsets -convert-lobit-to-ukernel=isa=avx2 | FileCheck %s

// A block and a head: shared quantized inputs, barriers, places in scratch, state and table.

// CHECK:      module attributes
// CHECK-SAME:   lobit.functions = [@lobit_model, @lobit_linear_1, @lobit_linear_2, @lobit_linear_3]
// CHECK-SAME:   kernel = "lobit_f32_embed_10x4_f32__avx2", label = "forward.embed"
// CHECK-SAME:   label = "q", layout = "t2_dot"
// CHECK-SAME:   label = "head", layout = "i8_dot"
// CHECK-SAME:   lobit.state_size = 256 : i64

!t = !lobit.weight<4x4, #lobit.ternary<tensor, f32>, t2_dot>
!h = !lobit.weight<10x4, #lobit.int8<row, f32>, i8_dot>

func.func private @block_0(%x: tensor<?x4xf32>, %p: index) -> tensor<?x4xf32> {
  %wq = lobit.weight "q" : !lobit.weight<4x4xf32>
  %cq = lobit.quantize "absmean" %wq : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.ternary<tensor, f32>>
  %pq = lobit.pack %cq : !lobit.weight<4x4, #lobit.ternary<tensor, f32>> to !t
  %wk = lobit.weight "k" : !lobit.weight<4x4xf32>
  %ck = lobit.quantize "absmean" %wk : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.ternary<tensor, f32>>
  %pk = lobit.pack %ck : !lobit.weight<4x4, #lobit.ternary<tensor, f32>> to !t
  %wv = lobit.weight "v" : !lobit.weight<4x4xf32>
  %c = lm.cache 0 : !lm.cache<1x8x4>
  %q = lobit.linear %x, %pq {lobit.name = "q"} : tensor<?x4xf32>, !t -> tensor<?x4xf32>
  %k = lobit.linear %x, %pk {lobit.name = "k"} : tensor<?x4xf32>, !t -> tensor<?x4xf32>
  %v = lobit.linear %x, %wv {lobit.name = "v"} : tensor<?x4xf32>, !lobit.weight<4x4xf32> -> tensor<?x4xf32>
  %a = lm.attention %q, %k, %v, %c at %p heads 1 scale 5.0e-01 : tensor<?x4xf32>, tensor<?x4xf32>, !lm.cache<1x8x4>
  return %a : tensor<?x4xf32>
}

func.func @forward(%t: tensor<?xi32>, %p: index, %f: index) -> tensor<?x10xf32> attributes {lobit.entry} {
  %e = lobit.weight "embed" : !lobit.weight<10x4xf32>
  %x = lm.embed %t, %e : tensor<?xi32>, !lobit.weight<10x4xf32> -> tensor<?x4xf32>
  %y = call @block_0(%x, %p) : (tensor<?x4xf32>, index) -> tensor<?x4xf32>
  %h = lobit.quantize "absmax" %e : !lobit.weight<10x4xf32> to !lobit.weight<10x4, #lobit.int8<row, f32>>
  %hp = lobit.pack %h : !lobit.weight<10x4, #lobit.int8<row, f32>> to !h
  %l = lm.head %y, %hp from %f {lobit.name = "head"} : tensor<?x4xf32>, !h -> tensor<?x10xf32>
  return %l : tensor<?x10xf32>
}

// The block: x is quantized once for q and k; the kept layer v needs no barrier before it, so it
// comes first.
// CHECK-LABEL: func.func private @block_0
// CHECK:      scf.for
// CHECK-NEXT: call @[[QUANTIZE:lobit_.*quantize.*]](
// CHECK-NOT:  ukernel.barrier
// CHECK:      call @lobit_f32_f32_linear_4x4
// CHECK:      ukernel.barrier
// CHECK-NOT:  call @[[QUANTIZE]]
// CHECK:      call @lobit_s8_t2_linear_4x4
// CHECK-NEXT: arith.addi
// CHECK-NEXT: ukernel.trace
// CHECK-NOT:  ukernel.barrier
// CHECK:      call @lobit_s8_t2_linear_4x4
// CHECK:      ukernel.barrier
// CHECK:      call @lobit_f32_cache_append_f32_1x4
// CHECK-NEXT: }
// CHECK-NEXT: ukernel.barrier
// CHECK:      call @lobit_f32_attention_blocks_f32_1x1x4
// CHECK-NEXT: ukernel.barrier
// CHECK:      call @lobit_f32_attention_combine_f32_1x1x4
// CHECK:      ukernel.barrier
// CHECK-NEXT: return

// CHECK-LABEL: func.func @lobit_model
// CHECK:      %[[FIRST:.*]] = ukernel.field first_output_row
// CHECK:      %[[TOKENS:.*]] = ukernel.buffer input of %arg0 offset 0 : memref<64xi32>
// CHECK:      call @lobit_f32_embed_10x4_f32__avx2(%[[TOKENS]],
// CHECK:      ukernel.barrier
// CHECK:      ukernel.buffer state of %arg0 offset 0 : memref<1x8x4xf32>
// CHECK:      ukernel.buffer state of %arg0 offset 128 : memref<1x8x4xf32>
// CHECK:      call @block_0
// CHECK:      ukernel.buffer output of %arg0 offset 0 : memref<64x10xf32>
// CHECK:      call @lobit_s8_i8_linear_row_10x4__avx2({{.*}}, %[[FIRST]], %{{.*}}, %{{.*}}, %{{.*}})

// CHECK-LABEL: func.func @lobit_linear_1
// CHECK-SAME:  lobit.weight = !lobit.weight<4x4, #lobit.ternary<tensor, f32>, t2_dot>
