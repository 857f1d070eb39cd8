// RUN: quant-opt %s --canonicalize --cse | FileCheck %s

// Attention writes to its cache: it stays without users, and equal calls are not one.
// CHECK-LABEL: func.func @keep
// CHECK-COUNT-1: = lm.cache
// CHECK-COUNT-2: lm.attention
// CHECK-NOT: lm.add
func.func @keep(%q: tensor<?x4xf32>, %k: tensor<?x2xf32>, %position: index) {
  %c = lm.cache 0 : !lm.cache<1x8x2>
  %d = lm.cache 0 : !lm.cache<1x8x2>
  %y = lm.attention %q, %k, %k, %c at %position heads 2 scale 1.0 : tensor<?x4xf32>, tensor<?x2xf32>, !lm.cache<1x8x2>
  %z = lm.attention %q, %k, %k, %d at %position heads 2 scale 1.0 : tensor<?x4xf32>, tensor<?x2xf32>, !lm.cache<1x8x2>
  %unused = lm.add %y, %z : tensor<?x4xf32>
  return
}
