// RUN: quant-opt %s -lobit-convert-to-llvm | FileCheck %s
// RUN: quant-opt %s -lobit-convert-to-llvm=index-bits=32 | FileCheck %s --check-prefix=INDEX32
// RUN: not quant-opt %s -lobit-convert-to-llvm=index-bits=16 2>&1 | FileCheck %s --check-prefix=INDEX16

// Static memrefs are bare pointers, also those made from pointers of the frame.
// CHECK-LABEL: llvm.func @sum(%arg0: !llvm.ptr, %arg1: i64) -> f32
// CHECK-NOT:     unrealized_conversion_cast
// CHECK:         llvm.br
// CHECK:         llvm.fadd %{{.*}}, %{{.*}} : vector<4xf32>
// CHECK:         llvm.return %{{.*}} : f32
// INDEX32-LABEL: llvm.func @sum(%arg0: !llvm.ptr, %arg1: i32) -> f32
// INDEX16:       expected index-bits of 32 or 64, found 16
func.func @sum(%x: memref<64xf32>, %n: index) -> f32 {
  %zero = arith.constant 0 : index
  %four = arith.constant 4 : index
  %init = arith.constant dense<0.0> : vector<4xf32>
  %r = scf.for %i = %zero to %n step %four iter_args(%acc = %init) -> vector<4xf32> {
    %v = vector.load %x[%i] : memref<64xf32>, vector<4xf32>
    %next = arith.addf %acc, %v : vector<4xf32>
    scf.yield %next : vector<4xf32>
  }
  %s = vector.extract %r[0] : f32 from vector<4xf32>
  return %s : f32
}
