// RUN: quant-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{expected a vector or a matrix, found rank 3}}
func.func private @rank(!lobit.weight<2x3x4xf32>)

// -----

// expected-error @below {{expected positive dimensions, found 0}}
func.func private @zero(!lobit.weight<2x0xf32>)

// -----

// expected-error @below {{expected positive dimensions, found 0}}
func.func private @hexadecimal(!lobit.weight<0x10xf32>)

// -----

// expected-error @below {{expected positive dimensions, found -4}}
func.func private @negative(!lobit.weight<-4, #lobit.int8<row, f32>>)

// -----

// expected-error @below {{expected at most 2^48 values, found dimensions 16777216, 16777217}}
func.func private @large(!lobit.weight<16777216x16777217xf32>)

// -----

// expected-error @below {{expected scheme f32, f16, bf16, #lobit.ternary, #lobit.int8, #lobit.int6 or #lobit.int4, found f64}}
func.func private @scheme(!lobit.weight<4xf64>)

// -----

// expected-error @below {{expected scheme f32, f16, bf16, #lobit.ternary, #lobit.int8, #lobit.int6 or #lobit.int4, found "ternary"}}
func.func private @attribute(!lobit.weight<4x4, "ternary">)

// -----

// expected-error @below {{expected a matrix for scheme int8, found rank 1}}
func.func private @vector(!lobit.weight<4, #lobit.int8<row, f32>>)

// -----

// expected-error @below {{expected no layout for kept values, found row_major}}
func.func private @kept(!lobit.weight<4x4xf32, row_major>)

// -----

// expected-error @below {{expected t2_tile, t2_dot or t2_tl1 for scales of groups, found b3_tile, whose bytes cross groups}}
func.func private @layout(!lobit.weight<4x4, #lobit.ternary<group = 32, f32>, b3_tile>)

// -----

// expected-error @below {{expected a layout for scheme ternary, found i8_dot}}
func.func private @layout(!lobit.weight<4x4, #lobit.ternary<tensor, f32>, i8_dot>)

// -----

// expected-error @below {{expected a layout for scheme int8, found t2_tl1}}
func.func private @layout(!lobit.weight<4x4, #lobit.int8<row, f32>, t2_tl1>)

// -----

// expected-error @below {{expected a layout for scheme int6, found i8_dot}}
func.func private @layout(!lobit.weight<4x4, #lobit.int6<row, f32>, i8_dot>)

// -----

// expected-error @below {{expected a layout for scheme int4, found i8_tile}}
func.func private @layout(!lobit.weight<4x4, #lobit.int4<row, f32>, i8_tile>)

// -----

// expected-error @below {{expected a layout for scheme int8, found i6_pair24}}
func.func private @layout(!lobit.weight<4x4, #lobit.int8<row, f32>, i6_pair24>)

// -----

// expected-error @below {{expected a layout of runtime/format/Layouts.inc, found t3_dot}}
func.func private @word(!lobit.weight<4x4, #lobit.ternary<tensor, f32>, t3_dot>)
