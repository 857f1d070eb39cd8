// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<?x256xf32>, %k: tensor<?x128xf32>, %v: tensor<?x128xf32>,
                     %cache: !lm.cache<2x512x64>, %position: index) -> tensor<?x256xf32> {
  // CHECK: lm.attention %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} at %{{[a-z0-9]+}} heads 4 scale 1.250000e-01
  // CHECK-SAME: : tensor<?x256xf32>, tensor<?x128xf32>, !lm.cache<2x512x64>
  %y = lm.attention %q, %k, %v, %cache at %position heads 4 scale 1.250000e-01
         : tensor<?x256xf32>, tensor<?x128xf32>, !lm.cache<2x512x64>
  return %y : tensor<?x256xf32>
}
