// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @cache
func.func @cache() {
  // CHECK: lm.cache 3 : !lm.cache<2x512x64>
  %c = lm.cache 3 : !lm.cache<2x512x64>
  // CHECK: lm.cache 4 : !lm.cache<2x512x64, f16>
  %d = lm.cache 4 : !lm.cache<2x512x64, f16>
  // CHECK: lm.cache 5 : !lm.cache<2x512x64, i8>
  %e = lm.cache 5 : !lm.cache<2x512x64, i8>
  return
}
