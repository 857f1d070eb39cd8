// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @frame
func.func @frame(%frame: !ukernel.frame, %bad: i1) {
  // CHECK: ukernel.field rows of %{{[a-z0-9]+}}
  %rows = ukernel.field rows of %frame
  // CHECK: ukernel.field thread of
  %thread = ukernel.field thread of %frame
  // CHECK: ukernel.field threads of
  %threads = ukernel.field threads of %frame
  // CHECK: ukernel.field position of
  %position = ukernel.field position of %frame
  // CHECK: ukernel.field first_output_row of
  %first = ukernel.field first_output_row of %frame
  // CHECK: ukernel.buffer weights of %{{[a-z0-9]+}} offset 4096 : memref<1024xi8>
  %w = ukernel.buffer weights of %frame offset 4096 : memref<1024xi8>
  // CHECK: ukernel.buffer output of %{{[a-z0-9]+}} argument 1 offset 0 : memref<128xf32>
  %o = ukernel.buffer output of %frame argument 1 offset 0 : memref<128xf32>
  // CHECK: ukernel.buffer input of %{{[a-z0-9]+}} offset 0 : memref<128xi32>
  %i = ukernel.buffer input of %frame argument 0 offset 0 : memref<128xi32>
  // CHECK: ukernel.thread_range %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}}
  %begin, %end = ukernel.thread_range %rows, %thread, %threads
  // CHECK: ukernel.barrier %{{[a-z0-9]+}}
  ukernel.barrier %frame
  // CHECK: ukernel.trace %{{[a-z0-9]+}} of %{{[a-z0-9]+}}
  ukernel.trace %rows of %frame
  // CHECK: ukernel.report_nonfinite %{{[a-z0-9]+}} to %{{[a-z0-9]+}}
  ukernel.report_nonfinite %bad to %frame
  return
}

// CHECK-LABEL: func.func @panel
func.func @panel(%x: memref<8x256xi8>, %panel: memref<8192xi8>, %sums: memref<256xi32>, %weights: memref<65536xi8>, %i: index) {
  // CHECK: ukernel.dot_i8_panel %{{[a-z0-9]+}}[%{{[a-z0-9]+}}, %{{[a-z0-9]+}}], %{{[a-z0-9]+}}[%{{[a-z0-9]+}}] into %{{[a-z0-9]+}} tokens %{{[a-z0-9]+}} quads %{{[a-z0-9]+}} next %{{[a-z0-9]+}}[%{{[a-z0-9]+}}] bytes %{{[a-z0-9]+}} :
  ukernel.dot_i8_panel %x[%i, %i], %panel[%i] into %sums tokens %i quads %i next %weights[%i] bytes %i : memref<8x256xi8>, memref<8192xi8>, memref<256xi32>, memref<65536xi8>
  return
}

// CHECK-LABEL: func.func @touch
func.func @touch(%bytes: memref<64xi8>, %at: index) {
  // CHECK: ukernel.touch %{{[a-z0-9]+}}[%{{[a-z0-9]+}}] : memref<64xi8>
  ukernel.touch %bytes[%at] : memref<64xi8>
  return
}
