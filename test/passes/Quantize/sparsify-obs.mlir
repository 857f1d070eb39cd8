// The documented example of lobit-sparsify-obs, and the same inputs for the other methods.
// RUN: quant-opt %s -lobit-sparsify-obs | FileCheck %s
// RUN: quant-opt %s -lobit-sparsify-obs=threads=3 | FileCheck %s
// RUN: quant-opt %s -lobit-quantize-int6-pair24=method=obs | FileCheck %s
// RUN: quant-opt %s -lobit-quantize-int6-pair24=method=weighted | FileCheck %s --check-prefix=WEIGHTED
// RUN: not quant-opt %s -lobit-sparsify-obs=layers=none 2>&1 | FileCheck %s --check-prefix=NONE

// CHECK-NOT: lobit.quantize
// CHECK: %[[W:.*]] = lobit.weight codes dense<{{\[\[}}0, 0, 16, 7, 16, 7, 0, 0, 31]]> : tensor<1x9xi8> scales dense<0.129767209> : tensor<1xf32> : !lobit.weight<1x9, #lobit.int6<row, f32>>
// CHECK-NEXT: lobit.linear %arg0, %[[W]] : tensor<1x9xf32>, !lobit.weight<1x9, #lobit.int6<row, f32>>
// WEIGHTED: lobit.weight codes dense<{{\[\[}}0, 0, 21, 10, 21, 10, 0, 0, 31]]>
// NONE: error: layer rule 'none=int6:obs' matches no layer
func.func @f(%x: tensor<1x9xf32>) -> tensor<1x1xf32> {
  %w = lobit.weight codes dense<[[1.0, 0.0, 2.0, 1.0, 2.0, 1.0, 0.0, 0.0, 3.0]]> : tensor<1x9xf32> : !lobit.weight<1x9xf32>
  %y = lobit.linear %x, %w {lobit.inputs = dense<[[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]]> : tensor<3x9xf32>} : tensor<1x9xf32>, !lobit.weight<1x9xf32> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}
