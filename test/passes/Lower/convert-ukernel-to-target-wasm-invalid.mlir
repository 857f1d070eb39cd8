// RUN: quant-opt %s -split-input-file -convert-ukernel-to-target=isa=wasm-simd128 -verify-diagnostics

func.func @relaxed(%a: vector<16xi8>) -> vector<16xi8> {
  // expected-error @+1 {{calls llvm.wasm.relaxed.swizzle, which wasm-simd128 does not have}}
  %r = llvm.call_intrinsic "llvm.wasm.relaxed.swizzle"(%a, %a) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
  return %r : vector<16xi8>
}

// -----

func.func @unlisted(%a: vector<4xi32>) -> vector<4xi32> {
  // expected-error @+1 {{calls llvm.wasm.bitmask, which is in no table of intrinsics}}
  %r = llvm.call_intrinsic "llvm.wasm.bitmask"(%a) : (vector<4xi32>) -> vector<4xi32>
  return %r : vector<4xi32>
}

// -----

func.func @foreign(%a: vector<16xi8>) -> vector<16xi8> {
  // expected-error @+1 {{calls llvm.x86.ssse3.pshuf.b.128, which wasm-simd128 does not have}}
  %r = llvm.call_intrinsic "llvm.x86.ssse3.pshuf.b.128"(%a, %a) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
  return %r : vector<16xi8>
}
