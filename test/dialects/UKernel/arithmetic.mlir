// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic(%t: vector<16xi8>, %i: vector<32xi8>, %b: vector<64xi8>, %a: vector<16xi32>,
                      %p: vector<16xi16>, %x: vector<16xf32>, %r: f32, %h: vector<16xbf16>,
                      %q: vector<8xi16>, %c: vector<16xi8>, %s: vector<4xi32>) {
  // CHECK: ukernel.table_lookup %{{[a-z0-9]+}}[%{{[a-z0-9]+}}] : vector<16xi8>, vector<32xi8>
  %0 = ukernel.table_lookup %t[%i] : vector<16xi8>, vector<32xi8>
  // CHECK: ukernel.dot_i8 %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} max 2 : vector<16xi32>, vector<64xi8>
  %1 = ukernel.dot_i8 %a, %b, %b max 2 : vector<16xi32>, vector<64xi8>
  // CHECK: ukernel.dot_i8_pairs %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} max 2 additions 28 : vector<16xi16>, vector<32xi8>
  %2 = ukernel.dot_i8_pairs %p, %i, %i max 2 additions 28 : vector<16xi16>, vector<32xi8>
  // CHECK: ukernel.widen_add %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : vector<8xi32>, vector<16xi16>
  %acc = arith.constant dense<0> : vector<8xi32>
  %3 = ukernel.widen_add %acc, %p : vector<8xi32>, vector<16xi16>
  // CHECK: ukernel.unpack %{{[a-z0-9]+}} plane 1 : vector<64xi8>
  %4 = ukernel.unpack %b plane 1 : vector<64xi8>
  // CHECK: ukernel.unpack_nibble %{{[a-z0-9]+}} half 1 : vector<64xi8>
  %nibble = ukernel.unpack_nibble %b half 1 : vector<64xi8>
  // CHECK: ukernel.unpack %{{[a-z0-9]+}} plane 1 in_place : vector<64xi8>
  %5 = ukernel.unpack %b plane 1 in_place : vector<64xi8>
  // CHECK: ukernel.unpack_base3 %{{[a-z0-9]+}} : vector<64xi8>
  %low, %high = ukernel.unpack_base3 %b : vector<64xi8>
  // CHECK: ukernel.act_quantize %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : vector<16xf32> -> vector<16xi8>
  %6 = ukernel.act_quantize %x, %r : vector<16xf32> -> vector<16xi8>
  // CHECK: ukernel.reduce_add %{{[a-z0-9]+}} : vector<16xf32>
  %7 = ukernel.reduce_add %x : vector<16xf32>
  // CHECK: ukernel.exp %{{[a-z0-9]+}} : vector<16xf32>
  %8 = ukernel.exp %x : vector<16xf32>
  // CHECK: ukernel.widen_float %{{[a-z0-9]+}} : vector<16xbf16> -> vector<16xf32>
  %9 = ukernel.widen_float %h : vector<16xbf16> -> vector<16xf32>
  // CHECK: ukernel.dot_s8 %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : vector<4xi32>, vector<16xi8>
  %10 = ukernel.dot_s8 %s, %c, %c : vector<4xi32>, vector<16xi8>
  // CHECK: ukernel.dot_s8_halves %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} max 2 additions 28 : vector<8xi16>, vector<16xi8>
  %11 = ukernel.dot_s8_halves %q, %c, %c max 2 additions 28 : vector<8xi16>, vector<16xi8>
  // CHECK: ukernel.multiply_add_s8 %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} max 127 additions 2 : vector<16xi16>, vector<16xi8>
  %21 = ukernel.multiply_add_s8 %p, %c, %c max 127 additions 2 : vector<16xi16>, vector<16xi8>
  // CHECK: ukernel.matmul_i8 %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : vector<4xi32>, vector<16xi8>
  %12 = ukernel.matmul_i8 %s, %c, %c : vector<4xi32>, vector<16xi8>
  // CHECK: ukernel.widen_float %{{[a-z0-9]+}} finite : vector<16xbf16> -> vector<16xf32>
  %13 = ukernel.widen_float %h finite : vector<16xbf16> -> vector<16xf32>
  // CHECK: ukernel.narrow_float %{{[a-z0-9]+}} : vector<16xf32> -> vector<16xf16>
  %14 = ukernel.narrow_float %9 : vector<16xf32> -> vector<16xf16>
  // CHECK: ukernel.dot_i8_pairs %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} max 255 by 32 additions 2 : vector<16xi16>, vector<32xi8>
  %15 = ukernel.dot_i8_pairs %p, %i, %i max 255 by 32 additions 2 : vector<16xi16>, vector<32xi8>
  // CHECK: ukernel.unpack_i6 %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} plane 3 in_place : vector<64xi8>
  %16 = ukernel.unpack_i6 %b, %b, %b plane 3 in_place : vector<64xi8>
  // CHECK: ukernel.expand_pairs %{{[a-z0-9]+}} by %{{[a-z0-9]+}} nibble 7 half 1 : vector<64xi8>, vector<16xi32>
  %17 = ukernel.expand_pairs %b by %a nibble 7 half 1 : vector<64xi8>, vector<16xi32>
  // CHECK: ukernel.select_pairs %{{[a-z0-9_]+}} by %{{[a-z0-9]+}} nibble 0 biased : vector<8xi8>, vector<16xi32> -> vector<64xi8>
  %eight = arith.constant dense<1> : vector<8xi8>
  %18 = ukernel.select_pairs %eight by %a nibble 0 biased : vector<8xi8>, vector<16xi32> -> vector<64xi8>
  return
}
