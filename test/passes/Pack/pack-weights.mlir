// The documented examples of lobit-pack-weights and lobit-fold-weights.
// RUN: quant-opt %s -lobit-pack-weights | FileCheck %s --check-prefixes=CHECK,TILE
// RUN: quant-opt %s -lobit-pack-weights=kernel=tile | FileCheck %s --check-prefixes=CHECK,TILE
// RUN: quant-opt %s -lobit-pack-weights=kernel=base3 | FileCheck %s --check-prefixes=CHECK,BASE3
// RUN: quant-opt %s -lobit-pack-weights=kernel=dot | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: quant-opt %s -lobit-pack-weights=kernel=tl1 | FileCheck %s --check-prefixes=CHECK,TL1
// RUN: quant-opt %s -lobit-pack-weights=kernel=tl1 -lobit-fold-weights | FileCheck %s --check-prefix=BYTES
// RUN: quant-opt %s -lobit-pack-weights -lobit-pack-weights | FileCheck %s --check-prefixes=CHECK,TILE
// RUN: not quant-opt %s -lobit-pack-weights=kernel=tl2 2>&1 | FileCheck %s --check-prefix=KERNEL

// KERNEL: error: expected kernel auto, tile, base3, dot or tl1, found 'tl2'

// Two layers read one weight: one pack.
// CHECK-LABEL: @ternary
// CHECK: %[[W:.*]] = lobit.weight
// TILE-NEXT: %[[P:.*]] = lobit.pack %[[W]] : !lobit.weight<1x3, #lobit.ternary<tensor, f32>> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tile>
// BASE3-NEXT: %[[P:.*]] = lobit.pack %[[W]] : !lobit.weight<1x3, #lobit.ternary<tensor, f32>> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>, b3_tile>
// DOT-NEXT: %[[P:.*]] = lobit.pack %[[W]] : !lobit.weight<1x3, #lobit.ternary<tensor, f32>> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_dot>
// TL1-NEXT: %[[P:.*]] = lobit.pack %[[W]] : !lobit.weight<1x3, #lobit.ternary<tensor, f32>> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tl1>
// CHECK-NOT: lobit.pack
// CHECK: lobit.linear %{{.*}}, %[[P]]
// CHECK: lobit.linear %{{.*}}, %[[P]]
// BYTES-LABEL: @ternary
// BYTES: %[[F:.*]] = lobit.weight codes dense<[70{{((, 68){31})}}]> : tensor<32xi8> scales dense<5.000000e-01> : tensor<1xf32> : !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tl1>
// BYTES-NOT: lobit.weight
// BYTES: lobit.linear %{{.*}}, %[[F]]
// BYTES: lobit.linear %{{.*}}, %[[F]]
func.func @ternary(%x: tensor<1x3xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  %w = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8> scales dense<0.5> : tensor<1xf32> : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
  %y = lobit.linear %x, %w : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>> -> tensor<1x1xf32>
  %z = lobit.linear %x, %w : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>> -> tensor<1x1xf32>
  return %y, %z : tensor<1x1xf32>, tensor<1x1xf32>
}

// CHECK-LABEL: @int8_and_kept
// DOT: to !lobit.weight<2x1, #lobit.int8<row, f16>, i8_dot>
// BASE3: to !lobit.weight<2x1, #lobit.int8<row, f16>, i8_tile>
// TILE: to !lobit.weight<2x1, #lobit.int8<row, f16>, i8_tile>
// TL1: to !lobit.weight<2x1, #lobit.int8<row, f16>, i8_tile>
// CHECK-NOT: lobit.pack
// BYTES-LABEL: @int8_and_kept
// Row 0: 127 + 128 = 255, then 3 times 128; row 1: -127 + 128 = 1; then padding.
// BYTES: codes dense<"0xFF80808001{{((80){253})}}{{((80){254})}}"> : tensor<512xi8> scales dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf16>
func.func @int8_and_kept(%x: tensor<1x1xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %w = lobit.weight codes dense<[[127], [-127]]> : tensor<2x1xi8> scales dense<[0.5, 0.25]> : tensor<2xf16> : !lobit.weight<2x1, #lobit.int8<row, f16>>
  %k = lobit.weight codes dense<[[1.0], [2.0]]> : tensor<2x1xf32> : !lobit.weight<2x1xf32>
  %b = lobit.weight codes dense<[1.0, 2.0]> : tensor<2xf32> : !lobit.weight<2xf32>
  %y = lobit.linear %x, %w bias %b : tensor<1x1xf32>, !lobit.weight<2x1, #lobit.int8<row, f16>>, !lobit.weight<2xf32> -> tensor<1x2xf32>
  %z = lobit.linear %x, %k : tensor<1x1xf32>, !lobit.weight<2x1xf32> -> tensor<1x2xf32>
  return %y, %z : tensor<1x2xf32>, tensor<1x2xf32>
}

// A chain that begins with a name is packed and not folded.
// CHECK-LABEL: @named
// CHECK: lobit.pack
// BYTES-LABEL: @named
// BYTES: lobit.weight "w"
// BYTES-NEXT: lobit.quantize
// BYTES-NEXT: lobit.pack
func.func @named(%x: tensor<1x1xf32>) -> tensor<1x2xf32> {
  %w = lobit.weight "w" : !lobit.weight<2x1xf32>
  %q = lobit.quantize "absmax" %w : !lobit.weight<2x1xf32> to !lobit.weight<2x1, #lobit.int8<row, f32>>
  %y = lobit.linear %x, %q : tensor<1x1xf32>, !lobit.weight<2x1, #lobit.int8<row, f32>> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
