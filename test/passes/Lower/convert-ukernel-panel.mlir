// A product with a panel in memory: tiles where there are any, else loops over dot products.
// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx512amx | FileCheck %s --check-prefixes=CHECK,AMX
// RUN: quant-opt %s -convert-ukernel-to-target=isa=avx512vbmi | FileCheck %s --check-prefixes=CHECK,LOOPS

// CHECK-LABEL: @panel
// Full blocks of 32 tokens: four sums, two tiles of each operand, the line of what comes next.
// AMX:            llvm.call_intrinsic "llvm.x86.ldtilecfg"
// AMX:            scf.for
// AMX-COUNT-4:    "llvm.x86.tileloadd64"
// AMX:            scf.for
// AMX-COUNT-3:    "llvm.x86.tileloadd64"
// AMX-COUNT-2:    "llvm.x86.tdpbsud"
// AMX:            "llvm.x86.tileloadd64"
// AMX-COUNT-2:    "llvm.x86.tdpbsud"
// AMX:            memref.prefetch %{{.*}}, read, locality<2>, data
// AMX-COUNT-4:    "llvm.x86.tilestored64"
// The tail of tokens has smaller tiles.
// AMX:            "llvm.x86.ldtilecfg"
// AMX:            llvm.call_intrinsic "llvm.x86.tilerelease"()
// LOOPS-NOT:      llvm.x86.t
// LOOPS-COUNT-3:  scf.for
// LOOPS:          "llvm.x86.avx512.vpdpbusd.512"
// LOOPS:          vector.store
func.func @panel(%x: memref<64x256xi8>, %panel: memref<8192xi8>, %sums: memref<2048xi32>,
                 %weights: memref<65536xi8>, %token: index, %column: index, %tokens: index,
                 %quads: index, %at: index, %bytes: index) {
  ukernel.dot_i8_panel %x[%token, %column], %panel[%at] into %sums tokens %tokens quads %quads next %weights[%at] bytes %bytes : memref<64x256xi8>, memref<8192xi8>, memref<2048xi32>, memref<65536xi8>
  return
}
