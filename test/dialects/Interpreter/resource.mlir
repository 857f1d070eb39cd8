// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// Constants may be resources, as exporters of large models write them.
// CHECK-LABEL: @resource
// CHECK-DAG: dense<[1.000000e+00, -2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: dense<[1, -1]> : tensor<2xi8>
func.func @resource() -> (tensor<2xf32>, tensor<2xi8>) {
  %x = arith.constant dense_resource<floats> : tensor<2xf32>
  %y = arith.constant dense_resource<bytes> : tensor<2xi8>
  return %x, %y : tensor<2xf32>, tensor<2xi8>
}
{-#
  dialect_resources: {
    builtin: {
      floats: "0x040000000000803F000000C0",
      bytes: "0x0100000001FF"
    }
  }
#-}
