// RUN: quant-opt %s -lobit-assign-offsets -convert-lobit-to-ukernel=isa=avx2 | FileCheck %s

// Both layers and the product of what they make go through a thread's tiles together, without a
// barrier: some tiles at a time when there are 32 tokens or more.
// CHECK-LABEL: func.func @lobit_model
// CHECK-DAG:  %[[TILES:.*]] = arith.constant 2 : index
// CHECK:      call @lobit_s8_act_quantize_4x64
// CHECK:      ukernel.barrier
// CHECK:      %[[EACH:.*]] = arith.ceildivui %[[TILES]], %[[THREADS:.*]] : index
// CHECK:      %[[PARTS:.*]] = arith.ceildivui %[[EACH]], %{{.*}} : index
// CHECK:      %[[FEW:.*]] = arith.cmpi ult
// CHECK:      %[[COUNT:.*]] = arith.select %[[FEW]], %{{.*}}, %[[PARTS]] : index
// CHECK:      %[[ALL:.*]] = arith.muli %[[THREADS]], %[[COUNT]]
// CHECK:      scf.for %[[PART:.*]] = %{{.*}} to %[[COUNT]]
// CHECK:        %[[AT:.*]] = arith.addi %{{.*}}, %[[PART]]
// CHECK:        call @lobit_s8_t2_tile_linear_40x4__avx2({{.*}}, %[[GATE:[^,]*]], %{{[^,]*}}, %{{[^,]*}}, %[[AT]], %[[ALL]])
// CHECK-NOT:    ukernel.barrier
// CHECK:        call @lobit_s8_t2_tile_linear_40x4__avx2({{.*}}, %[[UP:[^,]*]], %{{[^,]*}}, %{{[^,]*}}, %[[AT]], %[[ALL]])
// CHECK-NOT:    ukernel.barrier
// CHECK:        call @lobit_f32_gated_silu_40__avx2(%[[GATE]], %[[UP]], %{{.*}}, %{{.*}}, %[[AT]], %[[ALL]])
!t = !lobit.weight<40x4, #lobit.ternary<tensor, f32>, t2_tile>
func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x40xf32> attributes {lobit.entry} {
  %g = lobit.weight "g" : !lobit.weight<40x4xf32>
  %gc = lobit.quantize "absmean" %g : !lobit.weight<40x4xf32> to !lobit.weight<40x4, #lobit.ternary<tensor, f32>>
  %gp = lobit.pack %gc : !lobit.weight<40x4, #lobit.ternary<tensor, f32>> to !t
  %u = lobit.weight "u" : !lobit.weight<40x4xf32>
  %uc = lobit.quantize "absmean" %u : !lobit.weight<40x4xf32> to !lobit.weight<40x4, #lobit.ternary<tensor, f32>>
  %up = lobit.pack %uc : !lobit.weight<40x4, #lobit.ternary<tensor, f32>> to !t
  %a = lobit.linear %x, %gp : tensor<?x4xf32>, !t -> tensor<?x40xf32>
  %b = lobit.linear %x, %up : tensor<?x4xf32>, !t -> tensor<?x40xf32>
  %y = lm.gated_activation silu %a, %b : tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}
