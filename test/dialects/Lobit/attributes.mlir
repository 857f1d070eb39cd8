// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK: #lobit.ternary<tensor, f32>
func.func private @a() attributes {a = #lobit.ternary<tensor, f32>}
// CHECK: #lobit.ternary<row, f16>
func.func private @b() attributes {a = #lobit.ternary<row, f16>}
// CHECK: #lobit.ternary<group = 128, f16>
func.func private @c() attributes {a = #lobit.ternary<group = 128, f16>}
// CHECK: #lobit.int8<row, f16>
func.func private @d() attributes {a = #lobit.int8<row, f16>}
// CHECK: #lobit.int4<row, f16>
func.func private @g() attributes {a = #lobit.int4<row, f16>}
// CHECK: #lobit.int6<row, f32>
func.func private @e() attributes {a = #lobit.int6<row, f32>}
