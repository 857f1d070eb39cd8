// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%t: vector<16xi8>, %i: vector<24xi8>) {
  // expected-error @below {{expected a multiple of 16 indices, found 24}}
  %0 = ukernel.table_lookup %t[%i] : vector<16xi8>, vector<24xi8>
  return
}

// -----

func.func @f(%a: vector<16xi32>, %b: vector<32xi8>) {
  // expected-error @below {{expected 64 lanes in lhs and rhs, found 32}}
  %0 = ukernel.dot_i8 %a, %b, %b max 2 : vector<16xi32>, vector<32xi8>
  return
}

// -----

func.func @f(%a: vector<8xi32>, %b: vector<32xi8>) {
  // expected-error @below {{expected max from 1 to 255, found 256}}
  %0 = ukernel.dot_i8 %a, %b, %b max 256 : vector<8xi32>, vector<32xi8>
  return
}

// -----

func.func @f(%a: vector<8xi16>, %b: vector<32xi8>) {
  // expected-error @below {{expected 16 lanes in lhs and rhs, found 32}}
  %0 = ukernel.dot_i8_pairs %a, %b, %b max 2 additions 1 : vector<8xi16>, vector<32xi8>
  return
}

// -----

func.func @f(%a: vector<16xi16>, %b: vector<32xi8>) {
  // expected-error @below {{expected max from 1 to 255, found 0}}
  %0 = ukernel.dot_i8_pairs %a, %b, %b max 0 additions 1 : vector<16xi16>, vector<32xi8>
  return
}

// -----

func.func @bound(%a: vector<16xi16>, %b: vector<32xi8>) {
  // 63 additions of at most 2 * 2 * 128 fit into int16, 64 do not.
  %0 = ukernel.dot_i8_pairs %a, %b, %b max 2 additions 63 : vector<16xi16>, vector<32xi8>
  // expected-error @below {{expected additions from 1 to 63, found 64}}
  %1 = ukernel.dot_i8_pairs %a, %b, %b max 2 additions 64 : vector<16xi16>, vector<32xi8>
  return
}

// -----

func.func @f(%a: vector<8xi32>, %b: vector<8xi16>) {
  // expected-error @below {{expected 16 lanes in the input, found 8}}
  %0 = ukernel.widen_add %a, %b : vector<8xi32>, vector<8xi16>
  return
}

// -----

func.func @f(%b: vector<32xi8>) {
  // expected-error @below {{expected plane from 0 to 3, found 4}}
  %0 = ukernel.unpack %b plane 4 : vector<32xi8>
  return
}

// -----

func.func @f(%b: vector<32xi8>) {
  // expected-error @below {{expected half from 0 to 1, found 2}}
  %0 = ukernel.unpack_nibble %b half 2 : vector<32xi8>
  return
}

// -----

func.func @f(%x: vector<16xf32>, %r: f32) {
  // expected-error @below {{expected 16 lanes in the result, found 32}}
  %0 = ukernel.act_quantize %x, %r : vector<16xf32> -> vector<32xi8>
  return
}

// -----

func.func @f(%x: vector<16xf16>) {
  // expected-error @below {{expected 16 lanes in the result, found 8}}
  %0 = ukernel.widen_float %x : vector<16xf16> -> vector<8xf32>
  return
}

// -----

func.func @f(%a: vector<4xi32>, %b: vector<32xi8>) {
  // expected-error @below {{expected 16 lanes in lhs and rhs, found 32}}
  %0 = ukernel.dot_s8 %a, %b, %b : vector<4xi32>, vector<32xi8>
  return
}

// -----

func.func @f(%a: vector<8xi16>, %b: vector<16xi8>) {
  // expected-error @below {{expected max from 1 to 127, found 128}}
  %0 = ukernel.dot_s8_halves %a, %b, %b max 128 additions 1 : vector<8xi16>, vector<16xi8>
  return
}

// -----

func.func @f(%a: vector<8xi16>, %b: vector<8xi8>) {
  // expected-error @below {{expected max from 1 to 127, found 128}}
  %0 = ukernel.multiply_add_s8 %a, %b, %b max 128 additions 1 : vector<8xi16>, vector<8xi8>
  return
}

// -----

func.func @f(%a: vector<8xi16>, %b: vector<16xi8>) {
  // expected-error @below {{expected 8 lanes in lhs and rhs, found 16}}
  %0 = ukernel.multiply_add_s8 %a, %b, %b max 2 additions 1 : vector<8xi16>, vector<16xi8>
  return
}

// -----

func.func @bound_of_products(%a: vector<8xi16>, %b: vector<8xi8>) {
  // 127 * 128 fits into int16 twice.
  %0 = ukernel.multiply_add_s8 %a, %b, %b max 127 additions 2 : vector<8xi16>, vector<8xi8>
  // expected-error @below {{expected additions from 1 to 2, found 3}}
  %1 = ukernel.multiply_add_s8 %a, %b, %b max 127 additions 3 : vector<8xi16>, vector<8xi8>
  return
}

// -----

func.func @bound(%a: vector<8xi16>, %b: vector<16xi8>) {
  // 2 * 127 * 128 fits into int16 once.
  %0 = ukernel.dot_s8_halves %a, %b, %b max 127 additions 1 : vector<8xi16>, vector<16xi8>
  // expected-error @below {{expected additions from 1 to 1, found 2}}
  %1 = ukernel.dot_s8_halves %a, %b, %b max 127 additions 2 : vector<8xi16>, vector<16xi8>
  return
}

// -----

func.func @f(%x: vector<16xf32>) {
  // expected-error @below {{expected 16 lanes in the result, found 8}}
  %0 = ukernel.narrow_float %x : vector<16xf32> -> vector<8xf16>
  return
}

// -----

func.func @f(%a: vector<16xi16>, %b: vector<32xi8>) {
  // expected-error @below {{expected additions from 1 to 2, found 3}}
  %0 = ukernel.dot_i8_pairs %a, %b, %b max 255 by 32 additions 3 : vector<16xi16>, vector<32xi8>
  return
}

// -----

func.func @f(%a: vector<16xi16>, %b: vector<32xi8>) {
  // expected-error @below {{expected by from 1 to 128, found 129}}
  %0 = ukernel.dot_i8_pairs %a, %b, %b max 1 by 129 additions 1 : vector<16xi16>, vector<32xi8>
  return
}

// -----

func.func @f(%b: vector<32xi8>) {
  // expected-error @below {{expected plane from 0 to 3, found 4}}
  %0 = ukernel.unpack_i6 %b, %b, %b plane 4 : vector<32xi8>
  return
}

// -----

func.func @f(%x: vector<8xi8>, %m: vector<4xi32>) {
  // expected-error @below {{expected nibble from 0 to 7, found 8}}
  %0 = ukernel.select_pairs %x by %m nibble 8 : vector<8xi8>, vector<4xi32> -> vector<16xi8>
  return
}

// -----

func.func @f(%x: vector<8xi8>, %m: vector<4xi32>) {
  // expected-error @below {{expected 16 lanes in the result, found 8}}
  %0 = ukernel.select_pairs %x by %m nibble 0 : vector<8xi8>, vector<4xi32> -> vector<8xi8>
  return
}

// -----

func.func @f(%v: vector<16xi8>, %m: vector<4xi32>) {
  // expected-error @below {{expected half from 0 to 1, found 2}}
  %0 = ukernel.expand_pairs %v by %m nibble 0 half 2 : vector<16xi8>, vector<4xi32>
  return
}

// -----

func.func @f(%v: vector<16xi8>, %m: vector<4xi32>) {
  // expected-error @below {{expected nibble from 0 to 7, found -1}}
  %0 = ukernel.expand_pairs %v by %m nibble -1 half 0 : vector<16xi8>, vector<4xi32>
  return
}

// -----

func.func @f(%v: vector<8xi8>, %m: vector<4xi32>) {
  // expected-error @below {{expected 16 lanes in the values, found 8}}
  %0 = ukernel.expand_pairs %v by %m nibble 0 half 0 : vector<8xi8>, vector<4xi32>
  return
}
