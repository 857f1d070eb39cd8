// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx2 -split-input-file -verify-diagnostics

func.func @missing(%a: vector<16xi32>) -> vector<16xi32> {
  // expected-error @+1 {{calls llvm.x86.avx512.vpdpbusd.512, which avx2 does not have}}
  %r = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%a, %a, %a) : (vector<16xi32>, vector<16xi32>, vector<16xi32>) -> vector<16xi32>
  return %r : vector<16xi32>
}

// -----

func.func @unlisted(%a: vector<8xf32>) -> vector<8xf32> {
  // expected-error @+1 {{calls llvm.x86.avx.rsqrt.ps.256, which is in no table of intrinsics}}
  %r = llvm.call_intrinsic "llvm.x86.avx.rsqrt.ps.256"(%a) : (vector<8xf32>) -> vector<8xf32>
  return %r : vector<8xf32>
}

// -----

func.func @elsewhere(%t: vector<16xi8>) -> vector<16xi8> {
  // expected-error @+1 {{calls llvm.aarch64.neon.tbl1, which avx2 does not have}}
  %r = llvm.call_intrinsic "llvm.aarch64.neon.tbl1"(%t, %t) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
  return %r : vector<16xi8>
}
