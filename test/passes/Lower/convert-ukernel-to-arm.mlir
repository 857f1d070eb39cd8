// RUN: quant-opt %s -convert-ukernel-to-target=isa=neon | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: quant-opt %s -convert-ukernel-to-target=isa=neon-dotprod | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: quant-opt %s -convert-ukernel-to-target=isa=neon-i8mm | FileCheck %s --check-prefixes=CHECK,I8MM

// Codes of seven bits are signed bytes.
// CHECK-LABEL:    @dot_small
// NEON-COUNT-2:   llvm.aarch64.neon.smull
// NEON:           llvm.aarch64.neon.addp
// NEON:           llvm.aarch64.neon.saddlp
// DOT-COUNT-2:    llvm.aarch64.neon.sdot
// I8MM-COUNT-2:   llvm.aarch64.neon.sdot
func.func @dot_small(%acc: vector<8xi32>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<8xi32> {
  %r = ukernel.dot_i8 %acc, %a, %b max 127 : vector<8xi32>, vector<32xi8>
  return %r : vector<8xi32>
}

// Larger ones need usdot, or plain vector code.
// CHECK-LABEL:    @dot_large
// NEON-NOT:       llvm.aarch64
// DOT-NOT:        llvm.aarch64
// DOT-COUNT-4:    arith.muli
// I8MM:           llvm.aarch64.neon.usdot
func.func @dot_large(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %r = ukernel.dot_i8 %acc, %a, %b max 128 : vector<4xi32>, vector<16xi8>
  return %r : vector<4xi32>
}

// CHECK-LABEL:    @dot_signed
// NEON:           llvm.aarch64.neon.addp
// DOT:            llvm.aarch64.neon.sdot
// I8MM:           llvm.aarch64.neon.sdot
func.func @dot_signed(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %r = ukernel.dot_s8 %acc, %a, %b : vector<4xi32>, vector<16xi8>
  return %r : vector<4xi32>
}

// CHECK-LABEL:    @matrix
// NEON-COUNT-8:   arith.muli %{{.*}} : vector<4xi32>
// DOT-COUNT-8:    arith.muli %{{.*}} : vector<4xi32>
// I8MM:           llvm.aarch64.neon.usmmla
func.func @matrix(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %r = ukernel.matmul_i8 %acc, %a, %b : vector<4xi32>, vector<16xi8>
  return %r : vector<4xi32>
}

// CHECK-LABEL:    @halves
// CHECK:          %[[LOW:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.smull"
// CHECK:          arith.addi %arg0, %[[LOW]] : vector<8xi16>
// CHECK:          llvm.call_intrinsic "llvm.aarch64.neon.smull"
func.func @halves(%acc: vector<8xi16>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<8xi16> {
  %r = ukernel.dot_s8_halves %acc, %a, %b max 2 additions 63 : vector<8xi16>, vector<16xi8>
  return %r : vector<8xi16>
}

// CHECK-LABEL:    @pairs_and_widen
// CHECK:          llvm.aarch64.neon.addp
// CHECK:          llvm.aarch64.neon.saddlp
func.func @pairs_and_widen(%w: vector<4xi32>, %acc: vector<8xi16>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %p = ukernel.dot_i8_pairs %acc, %a, %b max 2 additions 63 : vector<8xi16>, vector<16xi8>
  %r = ukernel.widen_add %w, %p : vector<4xi32>, vector<8xi16>
  return %r : vector<4xi32>
}

// CHECK-LABEL:    @lookup
// CHECK-COUNT-2:  llvm.aarch64.neon.tbl1
func.func @lookup(%table: vector<16xi8>, %i: vector<32xi8>) -> vector<32xi8> {
  %r = ukernel.table_lookup %table[%i] : vector<16xi8>, vector<32xi8>
  return %r : vector<32xi8>
}
