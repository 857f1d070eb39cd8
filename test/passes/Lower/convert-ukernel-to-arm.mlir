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

// Lanes stay apart.
// CHECK-LABEL:    @products
// CHECK-COUNT-2:  llvm.call_intrinsic "llvm.aarch64.neon.smull"
// CHECK-NOT:      llvm.aarch64.neon.addp
func.func @products(%acc: vector<16xi16>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<16xi16> {
  %r = ukernel.multiply_add_s8 %acc, %a, %b max 2 additions 127 : vector<16xi16>, vector<16xi8>
  return %r : vector<16xi16>
}

// CHECK-LABEL:    @base3
// CHECK:          llvm.call_intrinsic "llvm.aarch64.neon.tbl4"
// CHECK:          llvm.call_intrinsic "llvm.aarch64.neon.tbl2"
func.func @base3(%bytes: vector<16xi8>) -> (vector<16xi8>, vector<16xi8>) {
  %low, %high = ukernel.unpack_base3 %bytes : vector<16xi8>
  return %low, %high : vector<16xi8>, vector<16xi8>
}

// CHECK-LABEL: @unpack_i6
// CHECK:       arith.shrsi
// CHECK:       arith.shli
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.aarch64.neon.vsli"
func.func @unpack_i6(%a: vector<16xi8>, %b: vector<16xi8>, %c: vector<16xi8>) -> (vector<16xi8>, vector<16xi8>) {
  %0 = ukernel.unpack_i6 %a, %b, %c plane 1 : vector<16xi8>
  %1 = ukernel.unpack_i6 %a, %b, %c plane 3 in_place : vector<16xi8>
  return %0, %1 : vector<16xi8>, vector<16xi8>
}

// Kept pairs come out of the register that the 8 bytes are a part of: tables for bytes 8..15.
// CHECK-LABEL: @select
// CHECK-SAME:    (%[[ALL:.*]]: vector<16xi8>, %[[MASKS:.*]]: vector<4xi32>)
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.aarch64.neon.tbl1"(%[[ALL]],
// CHECK:         llvm.call_intrinsic "llvm.aarch64.neon.tbl1"
// CHECK:         llvm.call_intrinsic "llvm.aarch64.neon.tbl2"
func.func @select(%all: vector<16xi8>, %masks: vector<4xi32>) -> vector<16xi8> {
  %x = vector.shuffle %all, %all [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi8>, vector<16xi8>
  %r = ukernel.select_pairs %x by %masks nibble 7 : vector<8xi8>, vector<4xi32> -> vector<16xi8>
  return %r : vector<16xi8>
}

// CHECK-LABEL: @expand
// CHECK:       llvm.call_intrinsic "llvm.aarch64.neon.tbl1"
// CHECK:       llvm.call_intrinsic "llvm.aarch64.neon.tbl2"
// CHECK:       llvm.call_intrinsic "llvm.aarch64.neon.tbl1"
func.func @expand(%v: vector<16xi8>, %masks: vector<4xi32>) -> vector<16xi8> {
  %r = ukernel.expand_pairs %v by %masks nibble 0 half 1 : vector<16xi8>, vector<4xi32>
  return %r : vector<16xi8>
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
