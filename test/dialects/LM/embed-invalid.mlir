// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%tokens: tensor<?xi32>, %table: !lobit.weight<16xf32>) {
  // expected-error @below {{expected a matrix as table, found '!lobit.weight<16xf32>'}}
  %x = lm.embed %tokens, %table : tensor<?xi32>, !lobit.weight<16xf32> -> tensor<?x16xf32>
  return
}

// -----

func.func @f(%tokens: tensor<?xi32>, %table: !lobit.weight<8x16xf32>) {
  // expected-error @below {{expected ? tokens in the result, found 4}}
  %x = lm.embed %tokens, %table : tensor<?xi32>, !lobit.weight<8x16xf32> -> tensor<4x16xf32>
  return
}

// -----

func.func @f(%tokens: tensor<?xi32>, %table: !lobit.weight<8x16xf32>) {
  // expected-error @below {{expected 16 columns in the result, found 8}}
  %x = lm.embed %tokens, %table : tensor<?xi32>, !lobit.weight<8x16xf32> -> tensor<?x8xf32>
  return
}
