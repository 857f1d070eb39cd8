// RUN: quant-opt %s -split-input-file --lobit-interpret -verify-diagnostics

// expected-error @below {{the weight 'the tensor' is in a model file, but no model file was given}}
func.func @name() -> tensor<1x1xf32> {
  %x = arith.constant dense<1.0> : tensor<1x1xf32>
  %w = lobit.weight "the tensor" : !lobit.weight<1x1xf32>
  %y = lobit.linear %x, %w : tensor<1x1xf32>, !lobit.weight<1x1xf32> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// expected-error @below {{lobit.linear: expected finite activations, found NaN or infinity in row 1}}
func.func @nonfinite() -> tensor<2x1xf32> {
  %x = arith.constant dense<[[1.0], [0x7F800000]]> : tensor<2x1xf32>
  %w = lobit.weight codes dense<1> : tensor<1x1xi8> scales dense<1.0> : tensor<1xf32> : !lobit.weight<1x1, #lobit.int8<row, f32>>
  %y = lobit.linear %x, %w : tensor<2x1xf32>, !lobit.weight<1x1, #lobit.int8<row, f32>> -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

// expected-error @below {{lm.embed: expected token ids from 0 to 1, found 2}}
func.func @token() -> tensor<1x1xf32> {
  %tokens = arith.constant dense<2> : tensor<1xi32>
  %w = lobit.weight codes dense<1.0> : tensor<2x1xf32> : !lobit.weight<2x1xf32>
  %y = lm.embed %tokens, %w : tensor<1xi32>, !lobit.weight<2x1xf32> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// expected-error @below {{lm.attention: expected positions below 2, found 2 tokens at position 1}}
func.func @context() -> tensor<2x1xf32> {
  %x = arith.constant dense<1.0> : tensor<2x1xf32>
  %p = arith.constant 1 : index
  %c = lm.cache 0 : !lm.cache<1x2x1>
  %y = lm.attention %x, %x, %x, %c at %p heads 1 scale 1.0 : tensor<2x1xf32>, tensor<2x1xf32>, !lm.cache<1x2x1>
  return %y : tensor<2x1xf32>
}

// -----

// expected-error @below {{lm.rope: expected positions below 2, found 1 tokens at position 2}}
func.func @position() -> tensor<1x2xf32> {
  %x = arith.constant dense<1.0> : tensor<1x2xf32>
  %p = arith.constant 2 : index
  %t = lobit.weight codes dense<1.0> : tensor<2x2xf32> : !lobit.weight<2x2xf32>
  %y = lm.rope %x, %t at %p heads 1 : tensor<1x2xf32>, !lobit.weight<2x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// expected-error @below {{lm.head: expected a first row from 0 to 1, found 2}}
func.func @first() -> tensor<?x1xf32> {
  %x = arith.constant dense<1.0> : tensor<1x2xf32>
  %p = arith.constant 2 : index
  %w = lobit.weight codes dense<1.0> : tensor<1x2xf32> : !lobit.weight<1x2xf32>
  %y = lm.head %x, %w from %p : tensor<1x2xf32>, !lobit.weight<1x2xf32> -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

// expected-error @below {{lm.add: expected 1 tokens, found 2}}
func.func @tokens() -> tensor<?x2xf32> {
  %a = arith.constant dense<1.0> : tensor<1x2xf32>
  %b = arith.constant dense<1.0> : tensor<2x2xf32>
  %0 = tensor.cast %a : tensor<1x2xf32> to tensor<?x2xf32>
  %1 = tensor.cast %b : tensor<2x2xf32> to tensor<?x2xf32>
  %y = lm.add %0, %1 : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// expected-error @below {{math.sin: the interpreter does not evaluate this op}}
func.func @unknown() -> f32 {
  %x = arith.constant 1.0 : f32
  %y = math.sin %x : f32
  return %y : f32
}

// -----

// expected-error @below {{the module has no function with a body called callee}}
func.func @missing() -> f32 {
  %y = call @callee() : () -> f32
  return %y : f32
}
func.func private @callee() -> f32

// -----

// expected-error @below {{blocks: expected a function of one block, found 2}}
func.func @blocks() -> f32 {
  %x = arith.constant 1.0 : f32
  cf.br ^next
^next:
  return %x : f32
}

// -----

// expected-error @below {{a function called from outside returns tensors, vectors and scalars, found a weight or a cache}}
func.func @weight() -> !lobit.weight<1xf32> {
  %w = lobit.weight codes dense<1.0> : tensor<1xf32> : !lobit.weight<1xf32>
  return %w : !lobit.weight<1xf32>
}

// -----

// expected-error @below {{arith.fptosi: expected a value that fits into 8 bits, found 200.000000}}
func.func @conversion() -> i8 {
  %x = arith.constant 200.0 : f32
  %y = arith.fptosi %x : f32 to i8
  return %y : i8
}

// -----

// expected-error @below {{arith.constant: the interpreter knows f32, f16, bf16, index and integers up to 64 bits, found f64}}
func.func @double() -> f64 {
  %x = arith.constant 200.0 : f64
  return %x : f64
}

// -----

// expected-error @below {{resource short: expected 8 bytes, found 4}}
func.func @resource() -> tensor<2xf32> {
  %x = arith.constant dense_resource<short> : tensor<2xf32>
  return %x : tensor<2xf32>
}
{-#
  dialect_resources: {
    builtin: {
      short: "0x040000000000803F"
    }
  }
#-}
