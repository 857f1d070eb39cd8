// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%frame: !ukernel.frame) {
  // expected-error @below {{expected argument 0 for section weights, found 1}}
  %0 = ukernel.buffer weights of %frame argument 1 offset 0 : memref<4xi8>
  return
}

// -----

func.func @f(%frame: !ukernel.frame) {
  // expected-error @below {{expected argument and offset of at least 0, found 0 and -4}}
  %0 = ukernel.buffer input of %frame offset -4 : memref<4xi8>
  return
}

// -----

func.func @f(%frame: !ukernel.frame) {
  // expected-error @below {{expected a memref without strides, found 'memref<4xi8, strided<[2]>>'}}
  %0 = ukernel.buffer scratch of %frame offset 0 : memref<4xi8, strided<[2]>>
  return
}

// -----

func.func @f(%x: memref<8x256xi8>, %panel: memref<?xi8>, %sums: memref<256xi32>, %i: index) {
  // expected-error @below {{expected memrefs of static shape without strides, found 'memref<?xi8>'}}
  ukernel.dot_i8_panel %x[%i, %i], %panel[%i] into %sums tokens %i quads %i next %panel[%i] bytes %i : memref<8x256xi8>, memref<?xi8>, memref<256xi32>, memref<?xi8>
  return
}
