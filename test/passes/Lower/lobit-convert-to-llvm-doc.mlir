// The example of passes/Lower/Passes.td.
// RUN: quant-opt %s -lobit-convert-to-llvm | FileCheck %s

module attributes {lobit.functions = [@lobit_model]} {
  func.func @lobit_model(%frame: !llvm.ptr) {
    return
  }
}

// CHECK:      module {
// CHECK-NEXT:   llvm.func internal @lobit_model(%{{.*}}: !llvm.ptr) attributes {dso_local} {
// CHECK-NEXT:     llvm.return
// CHECK:        llvm.mlir.global internal constant @lobit_code_functions() {addr_space = 0 : i32, dso_local} : !llvm.array<1 x ptr> {
// CHECK:          llvm.mlir.addressof @lobit_model : !llvm.ptr
// CHECK:        llvm.mlir.global internal constant @lobit_code_table() {addr_space = 0 : i32, dso_local} : !llvm.struct<(i32, i32, ptr)> {
// CHECK:          llvm.mlir.addressof @lobit_code_functions : !llvm.ptr
// CHECK:        llvm.func @lobit_code_query(%[[ABI:.*]]: i32) -> !llvm.ptr {
// CHECK:          %[[TABLE:.*]] = llvm.mlir.addressof @lobit_code_table : !llvm.ptr
// CHECK:          %[[NULL:.*]] = llvm.mlir.zero : !llvm.ptr
// CHECK:          %[[SAME:.*]] = llvm.icmp "eq" %[[ABI]]
// CHECK:          %[[RESULT:.*]] = llvm.select %[[SAME]], %[[TABLE]], %[[NULL]]
// CHECK:          llvm.return %[[RESULT]] : !llvm.ptr
