// The example of passes/Lower/Passes.td.
// RUN: quant-opt %s -lobit-merge-functions | FileCheck %s

func.func private @block_0(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = lobit.weight "n0" : !lobit.weight<4xf32>
  %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  return %y : tensor<?x4xf32>
}
func.func private @block_1(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = lobit.weight "n1" : !lobit.weight<4xf32>
  %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  return %y : tensor<?x4xf32>
}
func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  %0 = call @block_0(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = call @block_1(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK:      func.func private @block_0(%[[X:.*]]: tensor<?x4xf32>, %[[W:.*]]: !lobit.weight<4xf32>) -> tensor<?x4xf32> {
// CHECK-NEXT:   %[[Y:.*]] = lm.rms_norm %[[X]], %[[W]] eps
// CHECK-NEXT:   return %[[Y]]
// CHECK:      func.func @forward(%[[X:.*]]: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
// CHECK-NEXT:   %[[N0:.*]] = lobit.weight "n0" : !lobit.weight<4xf32>
// CHECK-NEXT:   %[[A:.*]] = call @block_0(%[[X]], %[[N0]]) {lobit.labels = ["block_0.rms_norm"]}
// CHECK-NEXT:   %[[N1:.*]] = lobit.weight "n1" : !lobit.weight<4xf32>
// CHECK-NEXT:   %[[B:.*]] = call @block_0(%[[A]], %[[N1]]) {lobit.labels = ["block_1.rms_norm"]}
// CHECK-NEXT:   return %[[B]]
