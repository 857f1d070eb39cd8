// RUN: quant-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{expected granularity tensor, row or group, found column}}
func.func private @f() attributes {a = #lobit.ternary<column, f32>}

// -----

// expected-error @below {{expected group size 32, 64, 128 or 256, found 48}}
func.func private @f() attributes {a = #lobit.ternary<group = 48, f32>}

// -----

// expected-error @below {{expected scale type f32 or f16, found bf16}}
func.func private @f() attributes {a = #lobit.ternary<row, bf16>}

// -----

// expected-error @below {{expected scale type f32 or f16, found f64}}
func.func private @f() attributes {a = #lobit.int8<row, f64>}

// -----

// expected-error @below {{expected 'row'}}
func.func private @f() attributes {a = #lobit.int8<tensor, f32>}

// -----

// expected-error @below {{expected scale type f32 for int6, found f16}}
func.func private @f() attributes {a = #lobit.int6<row, f16>}

// -----

// expected-error @below {{expected 'row'}}
func.func private @f() attributes {a = #lobit.int6<group, f32>}

// -----

// expected-error @below {{expected 'row'}}
func.func private @f() attributes {a = #lobit.int4<tensor, f32>}

// -----

// expected-error @below {{expected scale type f32 or f16, found bf16}}
func.func private @f() attributes {a = #lobit.int4<row, bf16>}
