// RUN: quant-opt %s -lobit-merge-functions | FileCheck %s

// CHECK-LABEL: func.func private @block_0(%arg0: tensor<?x4xf32>, %arg1: index, %arg2: !lobit.weight<4xf32>,
// CHECK-SAME:    %arg3: !lobit.weight<4x4xf32>, %arg4: !lm.cache<1x8x4>) -> tensor<?x4xf32>
// CHECK-NOT:   lobit.weight "
// CHECK-NOT:   lobit.name
// CHECK:       lm.rms_norm %arg0, %arg2
// CHECK:       lobit.linear %{{.*}}, %arg3
// CHECK:       lm.attention {{.*}} %arg4 at %arg1
func.func private @block_0(%x: tensor<?x4xf32>, %p: index) -> tensor<?x4xf32> {
  %n = lobit.weight "n0" : !lobit.weight<4xf32>
  %w = lobit.weight "w0" : !lobit.weight<4x4xf32>
  %c = lm.cache 0 : !lm.cache<1x8x4>
  %0 = lm.rms_norm %x, %n eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  %1 = lobit.linear %0, %w {lobit.name = "layer0.q"} : tensor<?x4xf32>, !lobit.weight<4x4xf32> -> tensor<?x4xf32>
  %2 = lm.attention %1, %0, %0, %c at %p heads 1 scale 5.0e-01 : tensor<?x4xf32>, tensor<?x4xf32>, !lm.cache<1x8x4>
  return %2 : tensor<?x4xf32>
}

// CHECK-NOT: @block_1
func.func private @block_1(%x: tensor<?x4xf32>, %p: index) -> tensor<?x4xf32> {
  %n = lobit.weight "n1" : !lobit.weight<4xf32>
  %w = lobit.weight "w1" : !lobit.weight<4x4xf32>
  %c = lm.cache 1 : !lm.cache<1x8x4>
  %0 = lm.rms_norm %x, %n eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  %1 = lobit.linear %0, %w {lobit.name = "layer1.q"} : tensor<?x4xf32>, !lobit.weight<4x4xf32> -> tensor<?x4xf32>
  %2 = lm.attention %1, %0, %0, %c at %p heads 1 scale 5.0e-01 : tensor<?x4xf32>, tensor<?x4xf32>, !lm.cache<1x8x4>
  return %2 : tensor<?x4xf32>
}

// A weight of another type makes another function.
// CHECK-LABEL: func.func private @block_2(
// CHECK-SAME:    !lobit.weight<4x4xbf16>
func.func private @block_2(%x: tensor<?x4xf32>, %p: index) -> tensor<?x4xf32> {
  %n = lobit.weight "n2" : !lobit.weight<4xf32>
  %w = lobit.weight "w2" : !lobit.weight<4x4xbf16>
  %c = lm.cache 2 : !lm.cache<1x8x4>
  %0 = lm.rms_norm %x, %n eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  %1 = lobit.linear %0, %w : tensor<?x4xf32>, !lobit.weight<4x4xbf16> -> tensor<?x4xf32>
  %2 = lm.attention %1, %0, %0, %c at %p heads 1 scale 5.0e-01 : tensor<?x4xf32>, tensor<?x4xf32>, !lm.cache<1x8x4>
  return %2 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @forward
// CHECK-DAG:   %[[N0:.*]] = lobit.weight "n0"
// CHECK-DAG:   %[[W0:.*]] = lobit.weight "w0"
// CHECK-DAG:   %[[C0:.*]] = lm.cache 0
// CHECK:       call @block_0(%arg0, %arg1, %[[N0]], %[[W0]], %[[C0]])
// CHECK-SAME:    lobit.labels = ["block_0.rms_norm", "layer0.q", "block_0.attention"]
// CHECK-DAG:   %[[N1:.*]] = lobit.weight "n1"
// CHECK-DAG:   %[[W1:.*]] = lobit.weight "w1"
// CHECK-DAG:   %[[C1:.*]] = lm.cache 1
// CHECK:       call @block_0(%{{.*}}, %arg1, %[[N1]], %[[W1]], %[[C1]])
// CHECK-SAME:    lobit.labels = ["block_1.rms_norm", "layer1.q", "block_1.attention"]
// CHECK:       call @block_2(
// CHECK-SAME:    lobit.labels = ["block_2.rms_norm", "block_2.linear", "block_2.attention"]
func.func @forward(%x: tensor<?x4xf32>, %p: index) -> tensor<?x4xf32> attributes {lobit.entry} {
  %0 = call @block_0(%x, %p) : (tensor<?x4xf32>, index) -> tensor<?x4xf32>
  %1 = call @block_1(%0, %p) : (tensor<?x4xf32>, index) -> tensor<?x4xf32>
  %2 = call @block_2(%1, %p) : (tensor<?x4xf32>, index) -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}
