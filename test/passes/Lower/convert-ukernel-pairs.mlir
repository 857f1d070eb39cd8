// The ops of pair-sparse codes: plain vector code, and what AVX2 and AVX-512 have for them.
// RUN: quant-opt %s -convert-ukernel-to-target=isa=x86-64-v1 | FileCheck %s --check-prefixes=CHECK,V1
// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx2 | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx512vnni | FileCheck %s --check-prefixes=CHECK,AVX512

// CHECK-LABEL: @unpack
// CHECK-SAME:    (%[[A:.*]]: vector<64xi8>, %[[B:.*]]: vector<64xi8>, %[[C:.*]]: vector<64xi8>)
// CHECK:         %[[DOWN:.*]] = arith.shrui %[[B]]
// CHECK:         %[[U:.*]] = arith.andi %[[DOWN]]
// CHECK:         arith.subi %[[U]]
// CHECK-COUNT-3: arith.andi
// CHECK:         arith.xori
func.func @unpack(%a: vector<64xi8>, %b: vector<64xi8>, %c: vector<64xi8>) -> (vector<64xi8>, vector<64xi8>) {
  %0 = ukernel.unpack_i6 %a, %b, %c plane 1 : vector<64xi8>
  %1 = ukernel.unpack_i6 %a, %b, %c plane 3 in_place : vector<64xi8>
  return %0, %1 : vector<64xi8>, vector<64xi8>
}

// One shuffle makes the table of all kept pairs, one permutation looks them up.
// CHECK-LABEL:    @select
// V1-NOT:         llvm.x86
// V1-COUNT-2:     arith.select
// AVX2:           llvm.x86.avx2.pshuf.b
// AVX2-COUNT-2:   llvm.x86.avx2.permd
// AVX512:         llvm.x86.avx512.pshuf.b.512
// AVX512:         llvm.x86.avx512.permvar.si.512
func.func @select(%x: vector<8xi8>, %masks: vector<16xi32>) -> vector<64xi8> {
  %r = ukernel.select_pairs %x by %masks nibble 7 biased : vector<8xi8>, vector<16xi32> -> vector<64xi8>
  return %r : vector<64xi8>
}

// CHECK-LABEL:    @expand
// V1-NOT:         llvm.x86
// V1-COUNT-2:     arith.select
// AVX2-COUNT-2:   llvm.x86.avx2.pshuf.b
// AVX512:         llvm.x86.avx512.permvar.si.512
// AVX512:         llvm.x86.avx512.pshuf.b.512
func.func @expand(%v: vector<64xi8>, %masks: vector<16xi32>) -> vector<64xi8> {
  %r = ukernel.expand_pairs %v by %masks nibble 0 half 1 : vector<64xi8>, vector<16xi32>
  return %r : vector<64xi8>
}
