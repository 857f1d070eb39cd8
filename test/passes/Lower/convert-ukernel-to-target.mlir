// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx2 | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx512vnni | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: quant-opt %s -convert-ukernel-to-target=isa=x86-64-v1 | FileCheck %s --check-prefixes=CHECK,V1

// Codes up to 255 would saturate in maddubs.
// CHECK-LABEL: @dot_large
// AVX2-NOT:      pmadd.ub.sw
// AVX2-COUNT-2:  llvm.x86.avx2.pmadd.wd
// VNNI:          llvm.x86.avx512.vpdpbusd.256
// V1-COUNT-4:    llvm.x86.sse2.pmadd.wd
func.func @dot_large(%acc: vector<8xi32>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<8xi32> {
  %r = ukernel.dot_i8 %acc, %a, %b max 255 : vector<8xi32>, vector<32xi8>
  return %r : vector<8xi32>
}

// CHECK-LABEL: @dot_pairs
// AVX2:          llvm.x86.avx2.pmadd.ub.sw
// VNNI:          llvm.x86.avx2.pmadd.ub.sw
// V1-NOT:        llvm.x86
// V1-COUNT-2:    arith.muli {{.*}} : vector<8xi16>
func.func @dot_pairs(%acc: vector<16xi16>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<16xi16> {
  %r = ukernel.dot_i8_pairs %acc, %a, %b max 2 additions 63 : vector<16xi16>, vector<32xi8>
  return %r : vector<16xi16>
}

// CHECK-LABEL: @widen
// AVX2:          llvm.x86.avx2.pmadd.wd
// VNNI:          llvm.x86.avx2.pmadd.wd
// V1-COUNT-2:    llvm.x86.sse2.pmadd.wd
func.func @widen(%acc: vector<8xi32>, %a: vector<16xi16>) -> vector<8xi32> {
  %r = ukernel.widen_add %acc, %a : vector<8xi32>, vector<16xi16>
  return %r : vector<8xi32>
}

// A vector wider than the registers is taken apart.
// CHECK-LABEL: @wide_lookup
// AVX2-COUNT-2:  llvm.x86.avx2.pshuf.b
// VNNI:          llvm.x86.avx512.pshuf.b.512
// V1-NOT:        llvm.x86
// V1-COUNT-64:   vector.extractelement
func.func @wide_lookup(%table: vector<16xi8>, %i: vector<64xi8>) -> vector<64xi8> {
  %r = ukernel.table_lookup %table[%i] : vector<16xi8>, vector<64xi8>
  return %r : vector<64xi8>
}

// CHECK-LABEL: @unpack
// CHECK-DAG:     %[[SIX:.*]] = arith.constant dense<6> : vector<32xi8>
// CHECK-DAG:     %[[THREE:.*]] = arith.constant dense<3> : vector<32xi8>
// CHECK-DAG:     %[[TOP:.*]] = arith.constant dense<-64> : vector<32xi8>
// CHECK-DAG:     %[[DOWN:.*]] = arith.shrui %{{.*}}, %[[SIX]]
// CHECK-DAG:     arith.andi %[[DOWN]], %[[THREE]]
// CHECK-DAG:     arith.andi %{{.*}}, %[[TOP]]
func.func @unpack(%v: vector<32xi8>) -> (vector<32xi8>, vector<32xi8>) {
  %a = ukernel.unpack %v plane 3 : vector<32xi8>
  %b = ukernel.unpack %v plane 3 in_place : vector<32xi8>
  return %a, %b : vector<32xi8>, vector<32xi8>
}

// Rounding by 1.5 * 2^23, no conversion instruction that a target may lack.
// CHECK-LABEL: @quantize
// CHECK:         arith.mulf {{.*}} : vector<16xf32>
// CHECK:         arith.addf {{.*}} : vector<16xf32>
// CHECK:         vector.bitcast
// CHECK:         arith.subi
// CHECK:         arith.maxsi
// CHECK:         arith.minsi
// CHECK:         arith.trunci {{.*}} : vector<16xi32> to vector<16xi8>
func.func @quantize(%x: vector<16xf32>, %r: f32) -> vector<16xi8> {
  %q = ukernel.act_quantize %x, %r : vector<16xf32> -> vector<16xi8>
  return %q : vector<16xi8>
}

// CHECK-LABEL: @reduce
// CHECK-COUNT-4: arith.addf
func.func @reduce(%x: vector<16xf32>) -> f32 {
  %s = ukernel.reduce_add %x : vector<16xf32>
  return %s : f32
}

// CHECK-LABEL: @exp
// CHECK-NOT:     fastmath
// CHECK-NOT:     math.
// CHECK:         return
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %e = ukernel.exp %x : vector<16xf32>
  return %e : vector<16xf32>
}

// CHECK-LABEL: @widen_bf16
// CHECK:         arith.extui {{.*}} : vector<16xi16> to vector<16xi32>
// CHECK:         arith.shli
// CHECK:         vector.bitcast
func.func @widen_bf16(%x: vector<16xbf16>) -> vector<16xf32> {
  %f = ukernel.widen_float %x : vector<16xbf16> -> vector<16xf32>
  return %f : vector<16xf32>
}

// The frame is a pointer, its fields lie where runtime/format/CodeAbi.h has them.
// CHECK-LABEL: func.func @frame(%arg0: !llvm.ptr)
// CHECK:         llvm.getelementptr %arg0[56]
// CHECK:         llvm.load {{.*}} -> i64
// CHECK:         llvm.getelementptr %arg0[16]
// CHECK:         llvm.load {{.*}} -> !llvm.ptr
// CHECK:         builtin.unrealized_conversion_cast {{.*}} to memref<64xi8>
// CHECK:         llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr) -> ()
// CHECK:         call @callee(%arg0)
// CHECK:         llvm.store {{.*}} atomic monotonic
func.func @frame(%frame: !ukernel.frame) -> memref<64xi8> {
  %rows = ukernel.field rows of %frame
  %w = ukernel.buffer weights of %frame offset 128 : memref<64xi8>
  ukernel.barrier %frame
  ukernel.trace %rows of %frame
  func.call @callee(%frame) : (!ukernel.frame) -> ()
  %true = arith.constant true
  ukernel.report_nonfinite %true to %frame
  return %w : memref<64xi8>
}
// CHECK: func.func private @callee(!llvm.ptr)
func.func private @callee(%frame: !ukernel.frame)
