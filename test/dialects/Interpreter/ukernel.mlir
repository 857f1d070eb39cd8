// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// CHECK-LABEL: @table_lookup
// CHECK: dense<[10, 25, 17, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, -1]> : vector<16xi8>
func.func @table_lookup() -> vector<16xi8> {
  %table = arith.constant dense<[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, -1, 25]> : vector<16xi8>
  %indices = arith.constant dense<[0, 15, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14]> : vector<16xi8>
  %r = ukernel.table_lookup %table[%indices] : vector<16xi8>, vector<16xi8>
  return %r : vector<16xi8>
}

// The left bytes are unsigned: -1 is 255. 100 + 255 * -128 + 2 * 127 = -32286.
// CHECK-LABEL: @dot_i8
// CHECK: dense<[-32286, 0, 0, 0]> : vector<4xi32>
func.func @dot_i8() -> vector<4xi32> {
  %acc = arith.constant dense<[100, 0, 0, 0]> : vector<4xi32>
  %lhs = arith.constant dense<[-1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]> : vector<16xi8>
  %rhs = arith.constant dense<[-128, 127, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]> : vector<16xi8>
  %r = ukernel.dot_i8 %acc, %lhs, %rhs max 255 : vector<4xi32>, vector<16xi8>
  return %r : vector<4xi32>
}

// The extreme of the bound: 63 additions of -512 each fit.
// CHECK-LABEL: @dot_i8_pairs
// CHECK: dense<-32256> : vector<2xi16>
func.func @dot_i8_pairs() -> vector<2xi16> {
  %acc = arith.constant dense<-31744> : vector<2xi16>
  %lhs = arith.constant dense<2> : vector<4xi8>
  %rhs = arith.constant dense<-128> : vector<4xi8>
  %r = ukernel.dot_i8_pairs %acc, %lhs, %rhs max 2 additions 63 : vector<2xi16>, vector<4xi8>
  return %r : vector<2xi16>
}

// The left bytes are signed: -127 * -128 + 127 * 127 + -1 * 3 = 32382.
// CHECK-LABEL: @dot_s8
// CHECK: dense<[32392, 10]> : vector<2xi32>
func.func @dot_s8() -> vector<2xi32> {
  %acc = arith.constant dense<10> : vector<2xi32>
  %lhs = arith.constant dense<[-127, 127, -1, 0, 0, 0, 0, 0]> : vector<8xi8>
  %rhs = arith.constant dense<[-128, 127, 3, 9, 1, 1, 1, 1]> : vector<8xi8>
  %r = ukernel.dot_s8 %acc, %lhs, %rhs : vector<2xi32>, vector<8xi8>
  return %r : vector<2xi32>
}

// Lane 0 takes bytes 0 and 2, lane 1 bytes 1 and 3: 5 - 127 * -128 + 3 * 7, 5 + 2 * 5 + 4 * 9.
// CHECK-LABEL: @dot_s8_halves
// CHECK: dense<[16282, 51]> : vector<2xi16>
func.func @dot_s8_halves() -> vector<2xi16> {
  %acc = arith.constant dense<5> : vector<2xi16>
  %lhs = arith.constant dense<[-127, 2, 3, 4]> : vector<4xi8>
  %rhs = arith.constant dense<[-128, 5, 7, 9]> : vector<4xi8>
  %r = ukernel.dot_s8_halves %acc, %lhs, %rhs max 127 additions 1 : vector<2xi16>, vector<4xi8>
  return %r : vector<2xi16>
}

// CHECK-LABEL: @multiply_add_s8
// CHECK: dense<[16261, -5]> : vector<2xi16>
func.func @multiply_add_s8() -> vector<2xi16> {
  %acc = arith.constant dense<5> : vector<2xi16>
  %lhs = arith.constant dense<[-127, 2]> : vector<2xi8>
  %rhs = arith.constant dense<[-128, -5]> : vector<2xi8>
  %r = ukernel.multiply_add_s8 %acc, %lhs, %rhs max 127 additions 1 : vector<2xi16>, vector<2xi8>
  return %r : vector<2xi16>
}

// Rows of lhs: 255s, then 1s; rows of rhs: -128s, then 0..7.
// CHECK-LABEL: @matmul_i8
// CHECK: dense<[-261119, 7141, -1023, 29]> : vector<4xi32>
func.func @matmul_i8() -> vector<4xi32> {
  %acc = arith.constant dense<1> : vector<4xi32>
  %lhs = arith.constant dense<[-1, -1, -1, -1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1]> : vector<16xi8>
  %rhs = arith.constant dense<[-128, -128, -128, -128, -128, -128, -128, -128, 0, 1, 2, 3, 4, 5, 6, 7]> : vector<16xi8>
  %r = ukernel.matmul_i8 %acc, %lhs, %rhs : vector<4xi32>, vector<16xi8>
  return %r : vector<4xi32>
}

// CHECK-LABEL: @widen_add
// CHECK: dense<[-65526, 13]> : vector<2xi32>
func.func @widen_add() -> vector<2xi32> {
  %acc = arith.constant dense<10> : vector<2xi32>
  %pairs = arith.constant dense<[-32768, -32768, 1, 2]> : vector<4xi16>
  %r = ukernel.widen_add %acc, %pairs : vector<2xi32>, vector<4xi16>
  return %r : vector<2xi32>
}

// 0xE4 holds 0, 1, 2, 3 in planes 0..3.
// CHECK-LABEL: @unpack
// CHECK-DAG: dense<0> : vector<1xi8>
// CHECK-DAG: dense<1> : vector<1xi8>
// CHECK-DAG: dense<2> : vector<1xi8>
// CHECK-DAG: dense<-64> : vector<1xi8>
func.func @unpack() -> (vector<1xi8>, vector<1xi8>, vector<1xi8>, vector<1xi8>) {
  %bytes = arith.constant dense<0xE4> : vector<1xi8>
  %0 = ukernel.unpack %bytes plane 0 : vector<1xi8>
  %1 = ukernel.unpack %bytes plane 1 : vector<1xi8>
  %2 = ukernel.unpack %bytes plane 2 : vector<1xi8>
  %3 = ukernel.unpack %bytes plane 3 in_place : vector<1xi8>
  return %0, %1, %2, %3 : vector<1xi8>, vector<1xi8>, vector<1xi8>, vector<1xi8>
}

// u = 63, 0, 32 in the upper bits, 1 + 4 * 2 + 16 * 3 = 57 in the lower ones.
// CHECK-LABEL: @unpack_i6
// CHECK-DAG: dense<31> : vector<1xi8>
// CHECK-DAG: dense<-128> : vector<1xi8>
// CHECK-DAG: dense<0> : vector<1xi8>
// CHECK-DAG: dense<25> : vector<1xi8>
func.func @unpack_i6() -> (vector<1xi8>, vector<1xi8>, vector<1xi8>, vector<1xi8>) {
  %a = arith.constant dense<0xFD> : vector<1xi8>
  %b = arith.constant dense<0x02> : vector<1xi8>
  %c = arith.constant dense<0x83> : vector<1xi8>
  %0 = ukernel.unpack_i6 %a, %b, %c plane 0 : vector<1xi8>
  %1 = ukernel.unpack_i6 %a, %b, %c plane 1 in_place : vector<1xi8>
  %2 = ukernel.unpack_i6 %a, %b, %c plane 2 : vector<1xi8>
  %3 = ukernel.unpack_i6 %a, %b, %c plane 3 : vector<1xi8>
  return %0, %1, %2, %3 : vector<1xi8>, vector<1xi8>, vector<1xi8>, vector<1xi8>
}

// The six masks of a lane, in nibble 1.
// CHECK-LABEL: @select_pairs
// CHECK{LITERAL}: dense<[-128, 1, 2, 3, -128, 1, 4, 5, 2, 3, 4, 5, -128, 1, 6, 127, 2, 3, 6, 127, 4, 5, 6, 127]> : vector<24xi8>
// CHECK: dense<[0, -127, -122, -1]> : vector<4xi8>
func.func @select_pairs() -> (vector<24xi8>, vector<4xi8>) {
  %x = arith.constant dense<[-128, 1, 2, 3, 4, 5, 6, 127]> : vector<8xi8>
  %masks = arith.constant dense<[0x30, 0x50, 0x60, 0x90, 0xA0, 0xC0]> : vector<6xi32>
  %0 = ukernel.select_pairs %x by %masks nibble 1 : vector<8xi8>, vector<6xi32> -> vector<24xi8>
  %top = arith.constant dense<0x90000000> : vector<1xi32>
  %1 = ukernel.select_pairs %x by %top nibble 7 biased : vector<8xi8>, vector<1xi32> -> vector<4xi8>
  return %0, %1 : vector<24xi8>, vector<4xi8>
}

// CHECK-LABEL: @expand_pairs
// CHECK-DAG: dense<[1, 2, 3, 4, 0, 0, 1, 2]> : vector<8xi8>
// CHECK-DAG: dense<[0, 0, 0, 0, 3, 4, 0, 0]> : vector<8xi8>
func.func @expand_pairs() -> (vector<8xi8>, vector<8xi8>) {
  %v = arith.constant dense<[1, 2, 3, 4, 1, 2, 3, 4]> : vector<8xi8>
  %masks = arith.constant dense<[0x3, 0x6]> : vector<2xi32>
  %0 = ukernel.expand_pairs %v by %masks nibble 0 half 0 : vector<8xi8>, vector<2xi32>
  %1 = ukernel.expand_pairs %v by %masks nibble 0 half 1 : vector<8xi8>, vector<2xi32>
  return %0, %1 : vector<8xi8>, vector<8xi8>
}

// Five codes 1 are T = 7 * 4 + 13 / 4 = 31, u = 1; five codes 2 are T = 62, u = 2.
// CHECK-LABEL: @unpack_base3
// CHECK-DAG: dense<[21, 42]> : vector<2xi8>
// CHECK-DAG: dense<[77, -102]> : vector<2xi8>
func.func @unpack_base3() -> (vector<2xi8>, vector<2xi8>) {
  %bytes = arith.constant dense<[0x5F, 0xBE]> : vector<2xi8>
  %low, %high = ukernel.unpack_base3 %bytes : vector<2xi8>
  return %low, %high : vector<2xi8>, vector<2xi8>
}

// Half to even, then clamped.
// CHECK-LABEL: @act_quantize
// CHECK: dense<[0, 2, 2, -2, 127, -128]> : vector<6xi8>
func.func @act_quantize() -> vector<6xi8> {
  %x = arith.constant dense<[0.5, 1.5, 2.5, -1.5, 1000.0, -1000.0]> : vector<6xf32>
  %r = arith.constant 1.0 : f32
  %q = ukernel.act_quantize %x, %r : vector<6xf32> -> vector<6xi8>
  return %q : vector<6xi8>
}

// The tree adds lane 0 and lane 8 first: 2^24 + -2^24, so that the 1 of lane 1 survives.
// CHECK-LABEL: @reduce_add
// CHECK: constant 1.000000e+00 : f32
func.func @reduce_add() -> f32 {
  %v = arith.constant dense<[16777216.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -16777216.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]> : vector<16xf32>
  %s = ukernel.reduce_add %v : vector<16xf32>
  return %s : f32
}

// e^0 = 1, e^1 to the last bit, 0 below -87, e^88 above 88.
// CHECK-LABEL: @exp
// CHECK: dense<[1.000000e+00, 2.71828175, 0.000000e+00, 1.65163{{[0-9]*}}E+38, 1.65163{{[0-9]*}}E+38]> : vector<5xf32>
func.func @exp() -> vector<5xf32> {
  %x = arith.constant dense<[0.0, 1.0, -87.5, 88.0, 1000.0]> : vector<5xf32>
  %e = ukernel.exp %x : vector<5xf32>
  return %e : vector<5xf32>
}

// CHECK-LABEL: @widen_float
// CHECK-DAG: dense<[1.000000e+00, 5.96046448E-8, 6.550400e+04]> : vector<3xf32>
// CHECK-DAG: dense<-1.500000e+00> : vector<1xf32>
func.func @widen_float() -> (vector<3xf32>, vector<1xf32>) {
  %h = arith.constant dense<[1.0, 5.96046448E-8, 65504.0]> : vector<3xf16>
  %f = ukernel.widen_float %h : vector<3xf16> -> vector<3xf32>
  %b = arith.constant dense<-1.5> : vector<1xbf16>
  %g = ukernel.widen_float %b : vector<1xbf16> -> vector<1xf32>
  return %f, %g : vector<3xf32>, vector<1xf32>
}

// 10 items for 3 threads: 3, 3, 4.
// CHECK-LABEL: @thread_range
// CHECK-DAG: constant 3 : index
// CHECK-DAG: constant 6 : index
func.func @thread_range() -> (index, index) {
  %count = arith.constant 10 : index
  %thread = arith.constant 1 : index
  %threads = arith.constant 3 : index
  %begin, %end = ukernel.thread_range %count, %thread, %threads
  return %begin, %end : index, index
}

// 2049 lies between two f16 and goes to the even one; 2^-25 is half of the least one; 65520
// is beyond the largest.
// CHECK-LABEL: @narrow_float
// CHECK: dense<[2.048000e+03, 0.000000e+00, 0x7C00]> : vector<3xf16>
func.func @narrow_float() -> vector<3xf16> {
  %f = arith.constant dense<[2049.0, 2.98023224e-8, 65520.0]> : vector<3xf32>
  %h = ukernel.narrow_float %f : vector<3xf32> -> vector<3xf16>
  return %h : vector<3xf16>
}
