// The integer idioms where an ISA has no instruction for them: plain vector code.
// RUN: quant-opt %s -convert-ukernel-to-target=isa=x86-64-v1 | FileCheck %s

// CHECK-LABEL:    @dot_signed
// CHECK-NOT:      llvm.call_intrinsic
// CHECK-COUNT-4:  arith.muli %{{.*}} : vector<4xi32>
func.func @dot_signed(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %r = ukernel.dot_s8 %acc, %a, %b : vector<4xi32>, vector<16xi8>
  return %r : vector<4xi32>
}

// CHECK-LABEL:    @halves
// CHECK-NOT:      llvm.call_intrinsic
// CHECK-COUNT-2:  arith.muli %{{.*}} : vector<8xi16>
func.func @halves(%acc: vector<8xi16>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<8xi16> {
  %r = ukernel.dot_s8_halves %acc, %a, %b max 127 additions 1 : vector<8xi16>, vector<16xi8>
  return %r : vector<8xi16>
}

// CHECK-LABEL:    @products
// CHECK-NOT:      llvm.call_intrinsic
// CHECK:          arith.muli %{{.*}} : vector<16xi16>
func.func @products(%acc: vector<16xi16>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<16xi16> {
  %r = ukernel.multiply_add_s8 %acc, %a, %b max 2 additions 127 : vector<16xi16>, vector<16xi8>
  return %r : vector<16xi16>
}

// CHECK-LABEL:    @touch
// CHECK:          memref.prefetch %{{.*}}, read, locality<3>, data
func.func @touch(%bytes: memref<64xi8>, %at: index) {
  ukernel.touch %bytes[%at] : memref<64xi8>
  return
}

// Four bytes are no whole register.
// CHECK-LABEL:    @short
// CHECK-NOT:      llvm.call_intrinsic
// CHECK-COUNT-4:  arith.muli %{{.*}} : vector<1xi32>
// CHECK-COUNT-2:  arith.muli %{{.*}} : vector<1xi16>
func.func @short(%w: vector<1xi32>, %p: vector<1xi16>, %a: vector<4xi8>, %c: vector<2xi8>) -> (vector<1xi32>, vector<1xi16>) {
  %r = ukernel.dot_i8 %w, %a, %a max 255 : vector<1xi32>, vector<4xi8>
  %s = ukernel.dot_i8_pairs %p, %c, %c max 2 additions 1 : vector<1xi16>, vector<2xi8>
  return %r, %s : vector<1xi32>, vector<1xi16>
}
