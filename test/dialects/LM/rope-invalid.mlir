// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x4xf32>, %table: !lobit.weight<8x4xf16>, %position: index) {
  // expected-error @below {{expected a f32 matrix as table, found '!lobit.weight<8x4xf16>'}}
  %y = lm.rope %x, %table at %position heads 1 : tensor<?x4xf32>, !lobit.weight<8x4xf16>
  return
}

// -----

func.func @f(%x: tensor<?x3xf32>, %table: !lobit.weight<8x3xf32>, %position: index) {
  // expected-error @below {{expected an even head dimension, found 3}}
  %y = lm.rope %x, %table at %position heads 1 : tensor<?x3xf32>, !lobit.weight<8x3xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>, %table: !lobit.weight<8x4xf32>, %position: index) {
  // expected-error @below {{expected at least 1 head, found 0}}
  %y = lm.rope %x, %table at %position heads 0 : tensor<?x4xf32>, !lobit.weight<8x4xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>, %table: !lobit.weight<8x4xf32>, %position: index) {
  // expected-error @below {{expected 8 columns in the input, found 4}}
  %y = lm.rope %x, %table at %position heads 2 : tensor<?x4xf32>, !lobit.weight<8x4xf32>
  return
}
