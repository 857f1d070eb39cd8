// The example of passes/Lower/Passes.td.
// RUN: quant-opt %s -lobit-assign-offsets | FileCheck %s

func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  %w = lobit.weight "norm" : !lobit.weight<4xbf16>
  %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xbf16>
  return %y : tensor<?x4xf32>
}

// CHECK:      module attributes {lobit.weights_size = 8 : i64} {
// CHECK-NEXT:   func.func @forward(%[[X:.*]]: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
// CHECK-NEXT:     %[[W:.*]] = lobit.weight "norm" {lobit.offset = 0 : i64} : !lobit.weight<4xbf16>
// CHECK-NEXT:     %[[Y:.*]] = lm.rms_norm %[[X]], %[[W]] eps
// CHECK-NEXT:     return %[[Y]]
