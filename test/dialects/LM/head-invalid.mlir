// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x4xf32>, %w: !lobit.weight<4xf32>, %first: index) {
  // expected-error @below {{expected a matrix as weight, found '!lobit.weight<4xf32>'}}
  %y = lm.head %x, %w from %first : tensor<?x4xf32>, !lobit.weight<4xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>, %w: !lobit.weight<16x8xf32>, %first: index) {
  // expected-error @below {{expected 8 columns in the input, found 4}}
  %y = lm.head %x, %w from %first : tensor<?x4xf32>, !lobit.weight<16x8xf32> -> tensor<?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: !lobit.weight<16x8xf32>, %first: index) {
  // expected-error @below {{expected 16 columns in the result, found 8}}
  %y = lm.head %x, %w from %first : tensor<?x8xf32>, !lobit.weight<16x8xf32> -> tensor<?x8xf32>
  return
}
