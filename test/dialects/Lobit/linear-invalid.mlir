// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x4xf32>, %w: !lobit.weight<4xf32>) {
  // expected-error @below {{expected a weight matrix, found '!lobit.weight<4xf32>'}}
  %y = lobit.linear %x, %w : tensor<?x4xf32>, !lobit.weight<4xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>, %w: !lobit.weight<2x8xf32>) {
  // expected-error @below {{expected an input with 8 columns, found ?x4}}
  %y = lobit.linear %x, %w : tensor<?x4xf32>, !lobit.weight<2x8xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @f(%x: tensor<3x8xf32>, %w: !lobit.weight<2x8xf32>) {
  // expected-error @below {{expected a result of shape 3x2, found ?x2}}
  %y = lobit.linear %x, %w : tensor<3x8xf32>, !lobit.weight<2x8xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: !lobit.weight<2x8xf32>) {
  // expected-error @below {{expected a result of shape ?x2, found ?x4}}
  %y = lobit.linear %x, %w : tensor<?x8xf32>, !lobit.weight<2x8xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: !lobit.weight<2x8xf32>, %b: !lobit.weight<3xf32>) {
  // expected-error @below {{expected a bias of 2 kept values, found '!lobit.weight<3xf32>'}}
  %y = lobit.linear %x, %w bias %b : tensor<?x8xf32>, !lobit.weight<2x8xf32>, !lobit.weight<3xf32> -> tensor<?x2xf32>
  return
}
