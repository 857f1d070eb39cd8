// RUN: quant-opt %s -split-input-file --lobit-interpret -verify-diagnostics

// expected-error @below {{tensor.cast: expected a value of the shape 3x?, found 2x3}}
func.func @cast() -> tensor<3x?xf32> {
  %x = arith.constant dense<1.0> : tensor<2x3xf32>
  %0 = tensor.cast %x : tensor<2x3xf32> to tensor<?x?xf32>
  %1 = tensor.cast %0 : tensor<?x?xf32> to tensor<3x?xf32>
  return %1 : tensor<3x?xf32>
}

// -----

// The error is at the function that is called from outside.
// expected-error @+6 {{tensor.dim: expected a dimension below 2, found 2}}
func.func private @dim_of(%i: index) -> index {
  %x = arith.constant dense<1.0> : tensor<2x3xf32>
  %0 = tensor.dim %x, %i : tensor<2x3xf32>
  return %0 : index
}
func.func @dim() -> index {
  %two = arith.constant 2 : index
  %0 = call @dim_of(%two) : (index) -> index
  return %0 : index
}

// -----

// expected-error @below {{tensor.extract: expected an index below 3, found -1}}
func.func @extract() -> f32 {
  %x = arith.constant dense<1.0> : tensor<3xf32>
  %i = arith.constant -1 : index
  %0 = tensor.extract %x[%i] : tensor<3xf32>
  return %0 : f32
}

// -----

// expected-error @below {{arith.addf: expected operands of one shape}}
func.func @shapes() -> tensor<?xf32> {
  %x = arith.constant dense<1.0> : tensor<3xf32>
  %y = arith.constant dense<1.0> : tensor<2xf32>
  %0 = tensor.cast %x : tensor<3xf32> to tensor<?xf32>
  %1 = tensor.cast %y : tensor<2xf32> to tensor<?xf32>
  %2 = arith.addf %0, %1 : tensor<?xf32>
  return %2 : tensor<?xf32>
}

// -----

// expected-error @below {{math.sin: the interpreter does not evaluate this op in a linalg body}}
func.func @body() -> tensor<1xf32> {
  %x = arith.constant dense<1.0> : tensor<1xf32>
  %0 = linalg.map ins(%x : tensor<1xf32>) outs(%x : tensor<1xf32>)
    (%in: f32) {
      %sine = math.sin %in : f32
      linalg.yield %sine : f32
    }
  return %0 : tensor<1xf32>
}

// -----

// expected-error @below {{lm.attention: expected keys and values of 2 tokens, found 1}}
func.func @tokens() -> tensor<?x1xf32> {
  %a = arith.constant dense<1.0> : tensor<2x1xf32>
  %b = arith.constant dense<1.0> : tensor<1x1xf32>
  %q = tensor.cast %a : tensor<2x1xf32> to tensor<?x1xf32>
  %k = tensor.cast %b : tensor<1x1xf32> to tensor<?x1xf32>
  %p = arith.constant 0 : index
  %c = lm.cache 0 : !lm.cache<1x8x1>
  %y = lm.attention %q, %k, %k, %c at %p heads 1 scale 1.0 : tensor<?x1xf32>, tensor<?x1xf32>, !lm.cache<1x8x1>
  return %y : tensor<?x1xf32>
}

// -----

// expected-error @below {{tensor.cast: expected a ranked result}}
func.func @unranked() -> tensor<*xf32> {
  %a = arith.constant dense<1.0> : tensor<2x1xf32>
  %q = tensor.cast %a : tensor<2x1xf32> to tensor<*xf32>
  return %q : tensor<*xf32>
}
