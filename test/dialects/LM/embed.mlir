// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @embed
func.func @embed(%tokens: tensor<?xi32>, %table: !lobit.weight<1024x256xbf16>) -> tensor<?x256xf32> {
  // CHECK: lm.embed %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : tensor<?xi32>, !lobit.weight<1024x256xbf16> -> tensor<?x256xf32>
  %x = lm.embed %tokens, %table : tensor<?xi32>, !lobit.weight<1024x256xbf16> -> tensor<?x256xf32>
  return %x : tensor<?x256xf32>
}
