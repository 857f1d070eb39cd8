// RUN: quant-opt %s -split-input-file -convert-lobit-to-ukernel -verify-diagnostics
// RUN: not quant-opt %s -split-input-file -convert-lobit-to-ukernel=isa=sse9 2>&1 | FileCheck %s --check-prefix=ISA
// RUN: not quant-opt %s -split-input-file -convert-lobit-to-ukernel=max-rows=20 2>&1 | FileCheck %s --check-prefix=ROWS
// ISA: cannot be lowered for the instruction set 'sse9'; expected one of x86-64-v1, avx2, 
// ROWS: cannot be lowered with max-rows = 20; expected a positive multiple of 16

// expected-error @+1 {{has no function with the attribute lobit.entry}}
module {
}

// -----

func.func @a(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  return %x : tensor<?x4xf32>
}
// expected-error @+1 {{has the attribute lobit.entry, but so has @a; expected one entry function}}
func.func @b(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  return %x : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<4x4xf32>) -> tensor<2x4xf32> attributes {lobit.entry} {
  // expected-error @+1 {{is not supported by convert-lobit-to-ukernel; expected lm, lobit and linalg ops on tensors, tensor.empty, tensor.collapse_shape, tensor.expand_shape and constants}}
  %0 = tensor.extract_slice %x[0, 0] [2, 4] [1, 1] : tensor<4x4xf32> to tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  // expected-error @+1 {{has no place in the weights section; run lobit-assign-offsets first}}
  %w = lobit.weight "norm" : !lobit.weight<4xf32>
  %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @f() -> tensor<3xi32> attributes {lobit.entry} {
  // expected-error @+1 {{has the type 'tensor<3xi32>'; expected f32 elements in a constant that is not a splat}}
  %0 = arith.constant dense<[1, 2, 3]> : tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

// expected-error @+1 {{has an argument or result of type 'tensor<4x?xf32>'; expected that only the first dimension is dynamic}}
func.func @f(%x: tensor<4x?xf32>) -> tensor<4x?xf32> attributes {lobit.entry} {
  return %x : tensor<4x?xf32>
}

// -----

// expected-error @+1 {{has an argument or result of type 'f32'; expected tensors, weights, caches and index}}
func.func @f(%x: f32) attributes {lobit.entry} {
  return
}

// -----

// expected-error @+1 {{is the entry and has an argument of type '!lobit.weight<4xf32>'; expected tensors and index}}
func.func @f(%x: !lobit.weight<4xf32>) attributes {lobit.entry} {
  return
}

// -----

// expected-error @+1 {{has more than two index arguments; expected the position and the first output row}}
func.func @f(%a: index, %b: index, %c: index) attributes {lobit.entry} {
  return
}

// -----

func.func private @g(%x: tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  // expected-error @+1 {{calls @g, which has no body in this module}}
  %0 = call @g(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// expected-error @+1 {{calls itself; expected calls without recursion}}
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  %0 = call @f(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<?x4xf32>, %p: index, %first: index) -> tensor<?x4xf32> attributes {lobit.entry} {
  %w = lobit.weight "w" {lobit.offset = 0 : i64} : !lobit.weight<4x4xf32>
  // expected-error @+1 {{has a result with fewer rows than the call; expected that it is returned and not used otherwise}}
  %0 = lm.head %x, %w from %first : tensor<?x4xf32>, !lobit.weight<4x4xf32> -> tensor<?x4xf32>
  %1 = lm.add %0, %0 : tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<?x4xf32>, %p: index) -> tensor<?x4xf32> attributes {lobit.entry} {
  %c = lm.cache 0 : !lm.cache<1x8x4>
  // expected-error @+1 {{of layer 0 has the type '!lm.cache<1x16x4>', but another one of this layer has the type '!lm.cache<1x8x4>'}}
  %d = lm.cache 0 : !lm.cache<1x16x4>
  return %x : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @+1 {{has an operand of type 'tensor<?x4xf32>'; expected a static shape}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
         outs(%x : tensor<?x4xf32>) {
    ^bb0(%a: f32):
      linalg.yield %a : f32
  } -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {lobit.entry} {
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
         outs(%x : tensor<4xf32>) {
    ^bb0(%a: f32):
      %i = arith.constant 0 : index
      // expected-error @+1 {{is not supported inside a linalg op; expected arith ops}}
      %b = tensor.extract %x[%i] : tensor<4xf32>
      linalg.yield %b : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{has more than one block; expected straight-line code}}
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {lobit.entry} {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}
