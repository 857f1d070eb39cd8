// Chains share their beginning, a padded 2-bit layout, and what folding refuses.
// RUN: quant-opt %s -split-input-file -lobit-fold-weights -verify-diagnostics | FileCheck %s

// The codes themselves stay where something reads them.
// CHECK-LABEL: @shared
// CHECK-DAG: codes dense<{{\[\[}}1, 0]]> : tensor<1x2xi8> scales dense<3.000000e+00> : tensor<1xf32> : !lobit.weight<1x2, #lobit.ternary<tensor, f32>>
// Byte 0 of row 0: column 0 is +1 (10), columns 64, 128 and 192 are padding (01).
// CHECK-DAG: codes dense<"0x56{{((55){255})}}"> : tensor<256xi8> scales dense<3.000000e+00> : tensor<1xf32> : !lobit.weight<1x2, #lobit.ternary<tensor, f32>, t2_dot>
// CHECK-NOT: lobit.quantize
// CHECK-NOT: lobit.pack
func.func @shared(%x: tensor<1x2xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  %w = lobit.weight codes dense<[[3.0, 0.0]]> : tensor<1x2xf16> : !lobit.weight<1x2xf16>
  %q = lobit.quantize "absmean" %w : !lobit.weight<1x2xf16> to !lobit.weight<1x2, #lobit.ternary<tensor, f32>>
  %p = lobit.pack %q : !lobit.weight<1x2, #lobit.ternary<tensor, f32>> to !lobit.weight<1x2, #lobit.ternary<tensor, f32>, t2_dot>
  %y = lobit.linear %x, %q : tensor<1x2xf32>, !lobit.weight<1x2, #lobit.ternary<tensor, f32>> -> tensor<1x1xf32>
  %z = lobit.linear %x, %p : tensor<1x2xf32>, !lobit.weight<1x2, #lobit.ternary<tensor, f32>, t2_dot> -> tensor<1x1xf32>
  return %y, %z : tensor<1x1xf32>, tensor<1x1xf32>
}

// -----

func.func @overflow() -> !lobit.weight<1x2, #lobit.int8<row, f16>> {
  %w = lobit.weight codes dense<[[1.0e+8, 0.0]]> : tensor<1x2xf32> : !lobit.weight<1x2xf32>
  // expected-error @below {{the scale 787402 of tensor 'inline', row 0 overflows f16; use scale type f32}}
  %q = lobit.quantize "absmax" %w : !lobit.weight<1x2xf32> to !lobit.weight<1x2, #lobit.int8<row, f16>>
  return %q : !lobit.weight<1x2, #lobit.int8<row, f16>>
}

// -----

func.func @blocks() -> !lobit.weight<2x200, #lobit.ternary<row, f32>> {
  %w = lobit.weight codes dense<1.0> : tensor<2x200xf32> : !lobit.weight<2x200xf32>
  // expected-error @below {{absmean-block has one scale for 256 consecutive weights, but tensor 'inline', row 1 lies in two such blocks; use absmean-refit or optimal}}
  %q = lobit.quantize "absmean-block" %w : !lobit.weight<2x200xf32> to !lobit.weight<2x200, #lobit.ternary<row, f32>>
  return %q : !lobit.weight<2x200, #lobit.ternary<row, f32>>
}
