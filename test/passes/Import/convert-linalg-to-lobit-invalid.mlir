// RUN: quant-opt %s -split-input-file -verify-diagnostics -convert-linalg-to-lobit

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'math.exp' is not supported in a function of tensors; see dialects/Interpreter/AcceptedOps.inc}}
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

#id = affine_map<(d) -> (d)>
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %empty = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    // expected-error@+1 {{'math.tanh' is not supported inside a linalg op}}
    %s = math.tanh %a : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error@+1 {{expected a static shape, found 'tensor<?x3xf32>'; export the model with fixed sizes}}
func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}

// -----

// expected-error@+1 {{expected arguments and results that are tensors of f32 or i32, found 'tensor<2xf16>'}}
func.func @main(%x: tensor<2xf16>) -> tensor<2xf16> {
  return %x : tensor<2xf16>
}

// -----

// expected-error@+1 {{expected arguments and results that are tensors of f32 or i32, found 'memref<2xf32>'}}
func.func @main(%x: memref<2xf32>) {
  return
}

// -----

// expected-error@+1 {{expected a function with results, found none}}
func.func @main(%x: tensor<2xf32>) {
  return
}

// -----

// expected-error@+1 {{expected at least one element, found 'tensor<0x2xf32>'}}
func.func @main(%x: tensor<0x2xf32>) -> tensor<0x2xf32> {
  return %x : tensor<0x2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{expected tensors of f32, i1, i8, i32, i64 or index, found 'tensor<2xf64>'}}
  %c = arith.constant dense<1.0> : tensor<2xf64>
  return %x : tensor<2xf32>
}

// -----

func.func @first(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
// expected-error@+1 {{expected one function, found a second: @second beside @first}}
func.func @second(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{expected a body of one block, found 0}}
func.func private @declared(%x: tensor<2xf32>) -> tensor<2xf32>

// -----

// expected-error@+1 {{expected a function, found none}}
module {
}

// -----

// expected-error@+1 {{'memref.global' is not supported in a module}}
memref.global @g : memref<2xf32>

// -----

func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  // expected-error@+1 {{expected finite weights, found NaN at row 0, column 1}}
  %w = arith.constant dense<[[1.0, 0x7FC00000]]> : tensor<1x2xf32>
  %i = arith.constant dense<0.0> : tensor<1x1xf32>
  %y = linalg.matmul_transpose_b ins(%x, %w : tensor<1x2xf32>, tensor<1x2xf32>)
                                 outs(%i : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  // expected-error@+1 {{expected a resource with 2 values, found 1}}
  %w = arith.constant dense_resource<short> : tensor<1x2xf32>
  %i = arith.constant dense<0.0> : tensor<1x1xf32>
  %y = linalg.matmul_transpose_b ins(%x, %w : tensor<1x2xf32>, tensor<1x2xf32>)
                                 outs(%i : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}
{-#
  dialect_resources: {
    builtin: {
      short: "0x040000000000803F"
    }
  }
#-}

// -----

func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'arith.addf' is not supported in a function of tensors}}
  %z = arith.addf %x, %y : tensor<4xf32>
  return %z : tensor<4xf32>
}

// -----

#window = affine_map<(d, w) -> (d + w)>
#in = affine_map<(d, w) -> (w)>
#out = affine_map<(d, w) -> (d)>
func.func @main(%x: tensor<5xf32>, %k: tensor<2xf32>, %init: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{expected indexing maps of plain dimensions, found affine_map<(d0, d1) -> (d0 + d1)>}}
  %y = linalg.generic {indexing_maps = [#window, #in, #out],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x, %k : tensor<5xf32>, tensor<2xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}
