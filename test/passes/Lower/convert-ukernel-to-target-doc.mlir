// The example of passes/Lower/Passes.td, for each ISA.
// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx2 | FileCheck %s --check-prefix=AVX2
// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx512vnni | FileCheck %s --check-prefix=VNNI
// RUN: quant-opt %s -convert-ukernel-to-target=isa=x86-64-v1 | FileCheck %s --check-prefix=V1

func.func @dot(%acc: vector<8xi32>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<8xi32> {
  %r = ukernel.dot_i8 %acc, %a, %b max 2 : vector<8xi32>, vector<32xi8>
  return %r : vector<8xi32>
}

// AVX2-LABEL: func.func @dot
// AVX2-SAME:    (%[[ACC:.*]]: vector<8xi32>, %[[A:.*]]: vector<32xi8>, %[[B:.*]]: vector<32xi8>)
// AVX2-DAG:   %[[ONES:.*]] = arith.constant dense<1> : vector<16xi16>
// AVX2-DAG:   %[[PAIRS:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%[[A]], %[[B]])
// AVX2:       %[[SUMS:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%[[PAIRS]], %[[ONES]])
// AVX2:       arith.addi %[[ACC]], %[[SUMS]] : vector<8xi32>
// AVX2-NOT:   ukernel

// VNNI-LABEL: func.func @dot
// VNNI-SAME:    (%[[ACC:.*]]: vector<8xi32>, %[[A:.*]]: vector<32xi8>, %[[B:.*]]: vector<32xi8>)
// VNNI-DAG:   %[[A4:.*]] = vector.bitcast %[[A]] : vector<32xi8> to vector<8xi32>
// VNNI-DAG:   %[[B4:.*]] = vector.bitcast %[[B]] : vector<32xi8> to vector<8xi32>
// VNNI:       llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"(%[[ACC]], %[[A4]], %[[B4]])

// Even and odd bytes apart, in each half.
// V1-LABEL: func.func @dot
// V1-COUNT-4: llvm.call_intrinsic "llvm.x86.sse2.pmadd.wd"
// V1-NOT:     llvm.x86
