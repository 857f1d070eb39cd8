// RUN: quant-opt %s -convert-ukernel-to-target=isa=wasm-simd128 | FileCheck %s --check-prefixes=CHECK,SIMD
// RUN: quant-opt %s -convert-ukernel-to-target=isa=wasm-relaxed | FileCheck %s --check-prefixes=CHECK,RELAXED

// The 7-bit operand of the relaxed dot product is the code, and it comes second.
// CHECK-LABEL: @dot_codes
// CHECK-SAME:  %[[ACC:.*]]: vector<4xi32>, %[[CODES:.*]]: vector<16xi8>, %[[X:.*]]: vector<16xi8>
// SIMD-NOT:      relaxed
// SIMD-COUNT-2:  llvm.wasm.dot
// RELAXED:       llvm.wasm.relaxed.dot.i8x16.i7x16.signed"(%[[X]], %[[CODES]])
// RELAXED:       llvm.wasm.dot
func.func @dot_codes(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %r = ukernel.dot_i8 %acc, %a, %b max 2 : vector<4xi32>, vector<16xi8>
  return %r : vector<4xi32>
}

// Codes of 8 bits do not fit.
// CHECK-LABEL: @dot_large
// CHECK-NOT:     relaxed
// CHECK-COUNT-4: llvm.wasm.dot
func.func @dot_large(%acc: vector<8xi32>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<8xi32> {
  %r = ukernel.dot_i8 %acc, %a, %b max 128 : vector<8xi32>, vector<32xi8>
  return %r : vector<8xi32>
}

// CHECK-LABEL: @dot_pairs
// SIMD-COUNT-4:    arith.muli {{.*}} : vector<8xi16>
// RELAXED-COUNT-2: llvm.wasm.relaxed.dot.i8x16.i7x16.signed
func.func @dot_pairs(%acc: vector<16xi16>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<16xi16> {
  %r = ukernel.dot_i8_pairs %acc, %a, %b max 8 additions 15 : vector<16xi16>, vector<32xi8>
  return %r : vector<16xi16>
}

// CHECK-LABEL: @widen
// CHECK-COUNT-2: llvm.wasm.dot
func.func @widen(%acc: vector<8xi32>, %a: vector<16xi16>) -> vector<8xi32> {
  %r = ukernel.widen_add %acc, %a : vector<8xi32>, vector<16xi16>
  return %r : vector<8xi32>
}

// CHECK-LABEL: @lookup
// SIMD-COUNT-2:    llvm.wasm.swizzle
// RELAXED-COUNT-2: llvm.wasm.relaxed.swizzle
func.func @lookup(%table: vector<16xi8>, %i: vector<32xi8>) -> vector<32xi8> {
  %r = ukernel.table_lookup %table[%i] : vector<16xi8>, vector<32xi8>
  return %r : vector<32xi8>
}

// Nothing may move or remove the load.
// CHECK-LABEL: @touch
// CHECK:         memref.extract_aligned_pointer_as_index
// CHECK:         llvm.load volatile
func.func @touch(%bytes: memref<64xi8>, %at: index) {
  ukernel.touch %bytes[%at] : memref<64xi8>
  return
}

// Pointers of the frame have 4 bytes: weights lie at 16, the barrier at 64, rows at 40.
// CHECK-LABEL: @frame
// CHECK-DAG:     llvm.getelementptr %{{.*}}[16]
// CHECK-DAG:     llvm.getelementptr %{{.*}}[40]
// CHECK-DAG:     llvm.getelementptr %{{.*}}[64]
func.func @frame(%f: !ukernel.frame) -> (index, memref<64xi8>) {
  %w = ukernel.buffer weights of %f offset 0 : memref<64xi8>
  %rows = ukernel.field rows of %f
  ukernel.barrier %f
  return %rows, %w : index, memref<64xi8>
}
