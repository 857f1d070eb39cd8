// RUN: quant-opt %s --lobit-interpret | FileCheck %s

// Elementwise arith and math on vectors; integers wrap to their width.

// CHECK-LABEL: @integers
// CHECK-NEXT: dense<[-128, 4]> : vector<2xi8>
// CHECK-NEXT: dense<[126, -2]> : vector<2xi8>
// CHECK-NEXT: dense<[127, -3]> : vector<2xi8>
// CHECK-NEXT: dense<[127, 1]> : vector<2xi8>
// CHECK-NEXT: dense<[1, -3]> : vector<2xi8>
func.func @integers() -> (vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>) {
  %x = arith.constant dense<[127, 1]> : vector<2xi8>
  %y = arith.constant dense<[1, 3]> : vector<2xi8>
  %z = arith.constant dense<[1, -3]> : vector<2xi8>
  %0 = arith.addi %x, %y : vector<2xi8>
  %1 = arith.subi %x, %y : vector<2xi8>
  %2 = arith.muli %x, %z : vector<2xi8>
  %3 = arith.maxsi %x, %z : vector<2xi8>
  %4 = arith.minsi %x, %z : vector<2xi8>
  return %0, %1, %2, %3, %4 : vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>
}

// CHECK-LABEL: @bits
// CHECK-NEXT: dense<[-128, 1]> : vector<2xi8>
// CHECK-NEXT: dense<[-1, 3]> : vector<2xi8>
// CHECK-NEXT: dense<[127, 2]> : vector<2xi8>
// CHECK-NEXT: dense<[-128, 2]> : vector<2xi8>
// CHECK-NEXT: dense<[127, 0]> : vector<2xi8>
// CHECK-NEXT: dense<[-1, 0]> : vector<2xi8>
func.func @bits() -> (vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>) {
  %x = arith.constant dense<[-1, 1]> : vector<2xi8>
  %y = arith.constant dense<[-128, 3]> : vector<2xi8>
  %one = arith.constant dense<[7, 1]> : vector<2xi8>
  %ones = arith.constant dense<1> : vector<2xi8>
  %0 = arith.andi %x, %y : vector<2xi8>
  %1 = arith.ori %x, %y : vector<2xi8>
  %2 = arith.xori %x, %y : vector<2xi8>
  %3 = arith.shli %x, %one : vector<2xi8>
  %4 = arith.shrui %x, %ones : vector<2xi8>
  %5 = arith.shrsi %x, %ones : vector<2xi8>
  return %0, %1, %2, %3, %4, %5 : vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>, vector<2xi8>
}

// CHECK-LABEL: @casts
// CHECK-NEXT: dense<[-1, 127]> : vector<2xi16>
// CHECK-NEXT: dense<[255, 127]> : vector<2xi16>
// CHECK-NEXT: dense<[-1, 0]> : vector<2xi8>
// CHECK-NEXT: dense<[-1.000000e+00, 1.270000e+02]> : vector<2xf32>
// CHECK-NEXT: dense<[2.550000e+02, 1.270000e+02]> : vector<2xf32>
// CHECK-NEXT: dense<[-1, 2]> : vector<2xi8>
// CHECK-NEXT: dense<[1.000000e+00, 2.000000e+00]> : vector<2xf16>
func.func @casts() -> (vector<2xi16>, vector<2xi16>, vector<2xi8>, vector<2xf32>, vector<2xf32>, vector<2xi8>, vector<2xf16>) {
  %x = arith.constant dense<[-1, 127]> : vector<2xi8>
  %w = arith.constant dense<[255, 256]> : vector<2xi16>
  %f = arith.constant dense<[-1.9, 2.9]> : vector<2xf32>
  %g = arith.constant dense<[1.0001, 2.0001]> : vector<2xf32>
  %0 = arith.extsi %x : vector<2xi8> to vector<2xi16>
  %1 = arith.extui %x : vector<2xi8> to vector<2xi16>
  %2 = arith.trunci %w : vector<2xi16> to vector<2xi8>
  %3 = arith.sitofp %x : vector<2xi8> to vector<2xf32>
  %4 = arith.uitofp %x : vector<2xi8> to vector<2xf32>
  %5 = arith.fptosi %f : vector<2xf32> to vector<2xi8>
  %6 = arith.truncf %g : vector<2xf32> to vector<2xf16>
  return %0, %1, %2, %3, %4, %5, %6 : vector<2xi16>, vector<2xi16>, vector<2xi8>, vector<2xf32>, vector<2xf32>, vector<2xi8>, vector<2xf16>
}

// NaN wins in maximumf; -0 is below +0.
// CHECK-LABEL: @floats
// CHECK-NEXT: dense<[0.000000e+00, 0x7FC00000, 3.000000e+00]> : vector<3xf32>
// CHECK-NEXT: dense<[-0.000000e+00, 0x7FC00000, 2.000000e+00]> : vector<3xf32>
// CHECK-NEXT: dense<[0.000000e+00, 1.000000e+00, 3.000000e+00]> : vector<3xf32>
// CHECK-NEXT: dense<[-0.000000e+00, 1.000000e+00, 2.000000e+00]> : vector<3xf32>
// CHECK-NEXT: dense<[false, false, true]> : vector<3xi1>
// CHECK-NEXT: dense<[true, true, false]> : vector<3xi1>
func.func @floats() -> (vector<3xf32>, vector<3xf32>, vector<3xf32>, vector<3xf32>, vector<3xi1>, vector<3xi1>) {
  %x = arith.constant dense<[-0.0, 0x7FC00000, 2.0]> : vector<3xf32>
  %y = arith.constant dense<[0.0, 1.0, 3.0]> : vector<3xf32>
  %0 = arith.maximumf %x, %y : vector<3xf32>
  %1 = arith.minimumf %x, %y : vector<3xf32>
  %2 = arith.maxnumf %x, %y : vector<3xf32>
  %3 = arith.minnumf %x, %y : vector<3xf32>
  %4 = arith.cmpf olt, %x, %y : vector<3xf32>
  %5 = arith.cmpf uge, %x, %y : vector<3xf32>
  return %0, %1, %2, %3, %4, %5 : vector<3xf32>, vector<3xf32>, vector<3xf32>, vector<3xf32>, vector<3xi1>, vector<3xi1>
}

// CHECK-LABEL: @compare
// CHECK-NEXT: dense<[true, false]> : vector<2xi1>
// CHECK-NEXT: dense<false> : vector<2xi1>
// CHECK-NEXT: dense<[-1, 5]> : vector<2xi8>
func.func @compare() -> (vector<2xi1>, vector<2xi1>, vector<2xi8>) {
  %x = arith.constant dense<[-1, 5]> : vector<2xi8>
  %y = arith.constant dense<[1, 5]> : vector<2xi8>
  %0 = arith.cmpi slt, %x, %y : vector<2xi8>
  %1 = arith.cmpi ult, %x, %y : vector<2xi8>
  %2 = arith.select %0, %x, %y : vector<2xi1>, vector<2xi8>
  return %0, %1, %2 : vector<2xi1>, vector<2xi1>, vector<2xi8>
}
