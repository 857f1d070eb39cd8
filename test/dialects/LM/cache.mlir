// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @cache
func.func @cache() {
  // CHECK: lm.cache 3 : !lm.cache<2x512x64>
  %c = lm.cache 3 : !lm.cache<2x512x64>
  return
}
