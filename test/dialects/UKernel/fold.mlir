// RUN: quant-opt %s --canonicalize --cse | FileCheck %s

// Plane 0 is where it belongs already: both forms are one op.
// CHECK-LABEL: func.func @unpack
// CHECK: %[[C:[0-9]+]] = ukernel.unpack %{{[a-z0-9]+}} plane 0 : vector<16xi8>
// CHECK: %[[D:[0-9]+]] = ukernel.unpack %{{[a-z0-9]+}} plane 1 in_place : vector<16xi8>
// CHECK: return %[[C]], %[[C]], %[[D]]
func.func @unpack(%bytes: vector<16xi8>) -> (vector<16xi8>, vector<16xi8>, vector<16xi8>) {
  %0 = ukernel.unpack %bytes plane 0 in_place : vector<16xi8>
  %1 = ukernel.unpack %bytes plane 0 : vector<16xi8>
  %2 = ukernel.unpack %bytes plane 1 in_place : vector<16xi8>
  return %0, %1, %2 : vector<16xi8>, vector<16xi8>, vector<16xi8>
}

// One thread has everything.
// CHECK-LABEL: func.func @one_thread
// CHECK-SAME: (%[[COUNT:[a-z0-9]+]]: index, %{{[a-z0-9]+}}: index)
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: return %[[ZERO]], %[[COUNT]]
func.func @one_thread(%count: index, %thread: index) -> (index, index) {
  %one = arith.constant 1 : index
  %begin, %end = ukernel.thread_range %count, %thread, %one
  return %begin, %end : index, index
}

// CHECK-LABEL: func.func @known
// CHECK-DAG: %[[BEGIN:.*]] = arith.constant 3 : index
// CHECK-DAG: %[[END:.*]] = arith.constant 6 : index
// CHECK: return %[[BEGIN]], %[[END]]
func.func @known() -> (index, index) {
  %count = arith.constant 10 : index
  %thread = arith.constant 1 : index
  %threads = arith.constant 3 : index
  %begin, %end = ukernel.thread_range %count, %thread, %threads
  return %begin, %end : index, index
}

// CHECK-LABEL: func.func @unknown
// CHECK: ukernel.thread_range
func.func @unknown(%count: index, %thread: index, %threads: index) -> (index, index) {
  %begin, %end = ukernel.thread_range %count, %thread, %threads
  return %begin, %end : index, index
}
