// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @head
func.func @head(%x: tensor<?x256xf32>, %w: !lobit.weight<1024x256xbf16>, %first: index) -> tensor<?x1024xf32> {
  // CHECK: lm.head %{{[a-z0-9]+}}, %{{[a-z0-9]+}} from %{{[a-z0-9]+}} : tensor<?x256xf32>, !lobit.weight<1024x256xbf16> -> tensor<?x1024xf32>
  %logits = lm.head %x, %w from %first : tensor<?x256xf32>, !lobit.weight<1024x256xbf16> -> tensor<?x1024xf32>
  return %logits : tensor<?x1024xf32>
}
