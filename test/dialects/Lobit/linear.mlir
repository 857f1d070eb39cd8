// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<?x256xf32>, %w: !lobit.weight<640x256xf32>,
                  %b: !lobit.weight<640xbf16>) -> tensor<?x640xf32> {
  // CHECK: lobit.linear %{{[a-z0-9]+}}, %{{[a-z0-9]+}} {lobit.name = "up"}
  // CHECK-SAME: : tensor<?x256xf32>, !lobit.weight<640x256xf32> -> tensor<?x640xf32>
  %y = lobit.linear %x, %w {lobit.name = "up"} : tensor<?x256xf32>, !lobit.weight<640x256xf32> -> tensor<?x640xf32>
  // CHECK: lobit.linear %{{[a-z0-9]+}}, %{{[a-z0-9]+}} bias %{{[a-z0-9]+}}
  // CHECK-SAME: : tensor<?x256xf32>, !lobit.weight<640x256xf32>, !lobit.weight<640xbf16> -> tensor<?x640xf32>
  %z = lobit.linear %x, %w bias %b : tensor<?x256xf32>, !lobit.weight<640x256xf32>,
         !lobit.weight<640xbf16> -> tensor<?x640xf32>
  return %z : tensor<?x640xf32>
}

// CHECK-LABEL: func.func @static
func.func @static(%x: tensor<4x3xf32>, %w: !lobit.weight<2x3, #lobit.int8<row, f32>, i8_dot>) {
  // CHECK: tensor<4x3xf32>, !lobit.weight<2x3, #lobit.int8<row, f32>, i8_dot> -> tensor<4x2xf32>
  %y = lobit.linear %x, %w : tensor<4x3xf32>, !lobit.weight<2x3, #lobit.int8<row, f32>, i8_dot> -> tensor<4x2xf32>
  return
}
